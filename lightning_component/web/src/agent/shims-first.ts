import { installShims } from '../shims'

// Imported before the SDK, which looks for Worker as soon as it is loaded.
installShims()
