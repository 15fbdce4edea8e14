"""A Tencent Chat app with its REST API, its callbacks and its limits, written from the vendor's documents.

What people do with the SDKs is done by `POST /__sandbox__/do` or through the chat socket (`socket.py`). Not imitated:
the SDKs' own protocol, moderation, one-to-one messages, profiles and contacts, offline push, topics, muting, AVChatRoom
delivery, daily volumes, the limit of new groups per day, and state across restarts. Frequency limits are there but off
(`{"switch": {"rates": true}}`): with them a load test on one machine would measure nothing else.
"""

from sandbox.tencent.app import Tencent

__all__ = ["Tencent"]
