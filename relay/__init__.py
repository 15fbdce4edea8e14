"""A relay between customers' apps, Salesforce and Tencent Chat."""
