"""A Tencent Chat app with its REST API, its callbacks and its limits, written from the vendor's documents.

Not imitated: the SDKs' own protocol (what people do with them is `POST /__sandbox__/do`), moderation, one-to-one
messages, profiles and contacts, offline push, topics, recall, muting, AVChatRoom delivery, daily volumes and the
limit of new groups per day, who may see which message, and state across restarts.
"""

from sandbox.tencent.app import Tencent

__all__ = ["Tencent"]
