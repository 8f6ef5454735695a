#!/usr/bin/env python3
"""Reads what a syslog receiver kept of the audit feed, one message a line, and prints `position outcome purpose
party patient visit representative` of each, `-` for what it lacks. Written from RFC 5424, IHE ITI-20 and DICOM
PS3.15 A.5.1; shares no code with the gateway. Prints the first thing wrong and exits 1.

    read_audit.py MESSAGES
"""
import datetime
import re
import sys
import xml.etree.ElementTree as ElementTree

HEADER = re.compile(r"<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) - \ufeff?(.*)", re.DOTALL)
PARTS = {
    "AuditMessage": ["EventIdentification", "ActiveParticipant", "AuditSourceIdentification",
                     "ParticipantObjectIdentification"],
    "EventIdentification": ["EventID", "EventTypeCode", "EventOutcomeDescription", "PurposeOfUse"],
    "ActiveParticipant": ["RoleIDCode"],
    "AuditSourceIdentification": [],
    "ParticipantObjectIdentification": ["ParticipantObjectIDTypeCode"],
}
REQUIRED = {
    "EventIdentification": {"EventActionCode", "EventDateTime", "EventOutcomeIndicator"},
    "ActiveParticipant": {"UserID", "UserIsRequestor"},
    "AuditSourceIdentification": {"AuditSourceID"},
    "ParticipantObjectIdentification": {"ParticipantObjectID", "ParticipantObjectTypeCode",
                                        "ParticipantObjectTypeCodeRole"},
}
CODE = {"csd-code", "codeSystemName", "originalText"}


def require(claim, sentence):
    if not claim:
        print(f"WRONG: {sentence}")
        sys.exit(1)


def check(element):
    names = [child.tag for child in element]
    if element.tag in PARTS:
        order = [PARTS[element.tag].index(name) for name in names]
        require(order == sorted(order), f"{element.tag} has its parts in another order: {names}")
        require(REQUIRED.get(element.tag, set()) <= set(element.attrib), f"{element.tag} lacks an attribute")
    elif element.tag != "EventOutcomeDescription":
        require(set(element.attrib) == CODE, f"{element.tag} is no code")
    for child in element:
        check(child)


def read(line):
    match = HEADER.fullmatch(line)
    require(match, f"not RFC 5424: {line[:80]}")
    priority, at, _, _, _, message_id, text = match.groups()
    require(priority == "85" and message_id == "DICOM+RFC3881", "another priority or message id")
    require(datetime.datetime.fromisoformat(at).tzinfo, "a time without its zone")
    message = ElementTree.fromstring(text)
    require(message.tag == "AuditMessage", "no AuditMessage")
    check(message)
    event = message.find("EventIdentification")
    objects = {item.find("ParticipantObjectIDTypeCode").get("csd-code"): item.get("ParticipantObjectID")
               for item in message.findall("ParticipantObjectIdentification")}
    print(objects["log-position"], event.get("EventOutcomeIndicator"), event.find("PurposeOfUse").get("csd-code"),
          message.find("ActiveParticipant").get("UserID"), objects.get("2", "-"),
          objects.get("visit", "-"),
          next((item.get("UserID") for item in message.findall("ActiveParticipant")
                if item.find("RoleIDCode").get("csd-code") == "AUT"), "-"))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file.read().split("\n"):
            if line:
                read(line)


main()
