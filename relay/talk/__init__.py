"""What is said in groups: heard, kept, shown again, written to the Case, and what the relay says there itself.

messages: the log, from Tencent's callbacks and by asking. history: a page of it, for who came later. sayings: first
words and lines of the relay. chronicle: who came and went. archiver: what is written to the Case, a transcript and
attachments. people: names.
"""
