"""The campaign: an archive with bad sheets in it, digitised while what digitises it is killed, then judged by who was not there.

``make chaos`` runs it. It stands among the tests because it uses their S3 server and none of it is shipped.
"""
