declare module 'tim-upload-plugin'
