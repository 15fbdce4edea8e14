"""Small Apex packages, written into a directory and run."""

from collections.abc import Mapping
from pathlib import Path

from sandbox.apex.metadata import load
from sandbox.apex.runtime import Runtime
from sandbox.apex.test_runner import Result, fresh_runtime, run_tests

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
CREDENTIALS = {
    "externalCredentials/ChatRelay.externalCredential-meta.xml": """
        <ExternalCredential>
            <authenticationProtocol>Custom</authenticationProtocol>
            <externalCredentialParameters>
                <parameterName>Relay</parameterName><parameterType>NamedPrincipal</parameterType>
            </externalCredentialParameters>
            <externalCredentialParameters>
                <parameterName>Authorization</parameterName><parameterType>AuthHeader</parameterType>
                <parameterValue>{!'Bearer ' &amp; $Credential.ChatRelay.Secret}</parameterValue>
            </externalCredentialParameters>
            <externalCredentialParameters>
                <parameterName>X-Signature</parameterName><parameterType>AuthHeader</parameterType>
                <parameterValue>{!HEX(HMAC('SHA-256', $Credential.ChatRelay.Body, BLOB('key')))}</parameterValue>
            </externalCredentialParameters>
        </ExternalCredential>""",
    "namedCredentials/ChatRelay.namedCredential-meta.xml": """
        <NamedCredential>
            <namedCredentialParameters>
                <parameterName>Url</parameterName><parameterType>Url</parameterType>
                <parameterValue>https://relay.example.com</parameterValue>
            </namedCredentialParameters>
            <namedCredentialParameters>
                <externalCredential>ChatRelay</externalCredential>
                <parameterName>ExternalCredential</parameterName><parameterType>Authentication</parameterType>
            </namedCredentialParameters>
        </NamedCredential>""",
    "permissionsets/Relay_Integration.permissionset-meta.xml": """
        <PermissionSet>
            <label>Relay integration</label>
            <classAccesses><apexClass>Desk</apexClass><enabled>true</enabled></classAccesses>
            <externalCredentialPrincipalAccesses>
                <enabled>true</enabled><externalCredentialPrincipal>ChatRelay-Relay</externalCredentialPrincipal>
            </externalCredentialPrincipalAccesses>
            <objectPermissions>
                <allowRead>true</allowRead><object>UserExternalCredential</object>
            </objectPermissions>
        </PermissionSet>""",
}
EVENT = {
    "objects/Ping__e/Ping__e.object-meta.xml": """
        <CustomObject><label>Ping</label><publishBehavior>PublishAfterCommit</publishBehavior></CustomObject>""",
    "objects/Ping__e/fields/Text__c.field-meta.xml": """
        <CustomField><fullName>Text__c</fullName><type>Text</type><length>80</length></CustomField>""",
    "objects/Now__e/Now__e.object-meta.xml": """
        <CustomObject><label>Now</label><publishBehavior>PublishImmediately</publishBehavior></CustomObject>""",
    "objects/Now__e/fields/Text__c.field-meta.xml": """
        <CustomField><fullName>Text__c</fullName><type>Text</type><required>true</required></CustomField>""",
}


def write(folder: Path, files: Mapping[str, str], version: str = "67.0") -> Path:
    """The files of a package; classes and triggers get their -meta.xml."""
    for name, content in files.items():
        place = {"cls": "classes", "trigger": "triggers"}.get(name.rpartition(".")[2], "")
        path = folder / place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        first, _, rest = content.strip().partition(">")
        path.write_text(content if place else f'{first} xmlns="{NAMESPACE}">{rest}')
        if place:
            kind = "ApexClass" if place == "classes" else "ApexTrigger"
            meta = f'<{kind} xmlns="{NAMESPACE}"><apiVersion>{version}</apiVersion></{kind}>'
            path.with_name(f"{name}-meta.xml").write_text(meta)
    return folder


def deployed(folder: Path, files: Mapping[str, str], version: str = "67.0") -> Runtime:
    return fresh_runtime(load([write(folder, files, version)]))


def results_of(folder: Path, files: Mapping[str, str], version: str = "67.0") -> dict[str, Result]:
    """Results of the package's tests by method."""
    return {result.method: result for result in run_tests(deployed(folder, files, version))}


def outcome(folder: Path, body: str, files: Mapping[str, str] | None = None, version: str = "67.0") -> Result:
    """One test method with this body; `members` of the class may follow after a line of ---."""
    statements, _, members = body.partition("---")
    code = f"@IsTest private class T {{ @IsTest static void it() {{ {statements} }} {members} }}"
    return results_of(folder, {**(files or {}), "T.cls": code}, version)["it"]


def passes(folder: Path, body: str, files: Mapping[str, str] | None = None, version: str = "67.0") -> None:
    result = outcome(folder, body, files, version)
    assert result.outcome == "pass", f"{result.message}\n{result.stack}"


def throws(folder: Path, body: str, files: Mapping[str, str] | None = None, version: str = "67.0") -> str:
    """What the test fails with."""
    result = outcome(folder, body, files, version)
    assert result.outcome == "fail", f"{result.outcome}: {result.message}"
    return result.message


def breaks(folder: Path, body: str, files: Mapping[str, str] | None = None, version: str = "67.0") -> str:
    """What the compiler, or this runtime, has against the test."""
    try:
        result = outcome(folder, body, files, version)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    assert result.outcome == "error", f"{result.outcome}: {result.message}"
    return result.message
