"""A local Salesforce org and a local Tencent Chat app, for trying, developing against, and testing the relay."""
