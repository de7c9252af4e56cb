"""The promise of the bank reader: what banks and apps really export is read as it was meant, or it is refused.

Every export below has the header line, the encoding and the quirks of a real one, and invented bookings.
"""

import gzip
import random
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from budget.bank import (
    AS_FOUND,
    BadLine,
    BankFile,
    BankFileError,
    Line,
    ReadingOptions,
    SkippedLine,
    SpendingLine,
    open_bank_file,
    parse_columns,
)

# ------------------------------------------------------------------------------------------------------ real exports

Spent = tuple[str, str, str, str | None]  # date, amount, description, category


@dataclass(frozen=True)
class Export:
    name: str
    text: str
    spent: list[Spent]
    skipped: list[str] = field(default_factory=list)
    currency: str | None = None
    account: str = ""
    options: ReadingOptions = AS_FOUND
    encoding: str = "utf-8"


EXPORTS = [
    Export(
        "Mint",
        '"Date","Description","Original Description","Amount","Transaction Type","Category","Account Name",'
        '"Labels","Notes"\n'
        '"8/02/2016","Amazon","AMAZON MKTPL*1A2","29.99","debit","Shopping","1234","",""\n'
        '"8/15/2016","Payroll","ACME PAYROLL","2,500.00","credit","Paycheck","1234","",""\n',
        [("2016-08-02", "29.99", "Amazon", "Shopping")],
        ["money in"],
        account="1234",
    ),
    Export(
        "an app with names, tags and signs",
        "date,name,category,tags,amount\n2024-01-01,Amazon,Shopping,Tag1|Tag2,-24.99\n2024-01-02,Salary,Income,,1500\n",
        [("2024-01-01", "24.99", "Amazon", "Shopping")],
        ["money in"],
    ),
    Export(
        "YNAB register",
        '\ufeff"Account","Flag","Date","Payee","Category Group/Category","Category Group","Category","Memo","Outflow",'
        '"Inflow","Cleared"\n'
        '"Checking","","01/25/2024","Safeway","Food: Groceries","Food","Groceries","",$12.50,$0.00,"Cleared"\n'
        '"Checking","","01/26/2024","Starting Balance","Inflow","Inflow","Inflow","",$0.00,$1234.00,"Reconciled"\n'
        '"Checking","Red","01/27/2024","","Food: Fun","Food","Fun","cinema",$100.00,$0.00,"Cleared"\n',
        [
            ("2024-01-25", "12.50", "Safeway", "Food: Groceries"),
            ("2024-01-27", "100.00", "cinema", "Food: Fun"),
        ],
        ["balance"],
        account="Checking",
    ),
    Export(
        "N26",
        '"Booking Date","Value Date","Partner Name","Partner Iban",Type,"Payment Reference","Account Name",'
        '"Amount (EUR)",'
        '"Original Amount","Original Currency","Exchange Rate"\n'
        '2024-03-07,2024-03-07,"Bio Company",,Presentment,,"Main Account",-28.40,28.40,EUR,1\n'
        '2024-03-08,2024-03-08,,,"Fee","N26 fee","Main Account",-4.9,,,\n'
        '2024-03-09,2024-03-09,"Cafe in London",,Presentment,,"Main Account",-11.70,10.00,GBP,0.854701\n'
        '2024-03-10,2024-03-10,"ACME GmbH",DE27100110000000000000,"Credit Transfer",Gehalt,"Main Account",2500.00,,,\n',
        [
            ("2024-03-07", "28.40", "Bio Company", None),
            ("2024-03-08", "4.90", "N26 fee", None),
            ("2024-03-09", "11.70", "Cafe in London", None),
        ],
        ["money in"],
        currency="EUR",
        account="Main Account",
    ),
    Export(
        "ING Germany, after twelve lines about the account",
        "Umsatzanzeige;Datei erstellt am: 09.12.2025 15:23\n\nIBAN;DE89 3704 0044 0532 0130 00\nKontoname;Girokonto\n"
        "Bank;ING\nKunde;Erika Mustermann\nZeitraum;17.11.2025 - 09.12.2025\nSaldo;1.234,56;EUR\n\n"
        "Sortierung;Datum absteigend\n\nIn der CSV-Datei finden Sie alle bereits gebuchten Umsätze.\n\n"
        "Buchung;Wertstellungsdatum;Auftraggeber/Empfänger;Buchungstext;Verwendungszweck;Saldo;Währung;Betrag;Währung\n"
        "28.11.2025;28.11.2025;VISA Bäckerei Öz;Lastschrift;KAUFUMSATZ 26.11;1.234,56;EUR;-13,98;EUR\n"
        "27.11.2025;27.11.2025;Rente;Gehalt/Rente;RV-RENTE 11.2025;1.248,54;EUR;2.647,74;EUR\n",
        [("2025-11-28", "13.98", "VISA Bäckerei Öz", None)],
        ["money in"],
        currency="EUR",
        encoding="cp1252",
    ),
    Export(
        "Revolut",
        "Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance\n"
        "CARD_PAYMENT,Current,2024-01-15 12:30:00,2024-01-16 09:00:00,Lidl,-25.50,0.00,CHF,COMPLETED,474.50\n"
        "CARD_PAYMENT,Current,2024-01-17 12:30:00,,Hotel,-300.00,0.00,CHF,PENDING,\n"
        "CARD_PAYMENT,Current,2024-01-18 12:30:00,,Fraud Shop,-99.00,0.00,CHF,REVERTED,\n"
        "TOPUP,Current,2024-01-19 10:00:00,2024-01-19 10:00:01,Top-up,500.00,0.00,CHF,COMPLETED,974.50\n",
        [("2024-01-15", "25.50", "Lidl", None)],
        ["not booked", "not booked", "money in"],
        currency="CHF",
    ),
    Export(
        "Wise statement",
        '"TransferWise ID",Date,"Date Time",Amount,Currency,Description,"Payment Reference","Running Balance",'
        '"Exchange From","Exchange To","Exchange Rate","Payer Name","Payee Name","Payee Account Number",Merchant,'
        '"Card Last Four Digits","Card Holder Full Name",Attachment,Note,"Total fees"\n'
        'CARD-1,15-01-2024,"15-01-2024 12:00:00.123",-12.34,EUR,"Card transaction of 12.34 EUR issued by Lidl",,100.00'
        ",,,,,,,Lidl,1234,Ann,,,0.00\n"
        'TRANSFER-1,25-01-2024,"25-01-2024 12:00:00.123",500.00,EUR,"Received money from ACME",salary,600.00'
        ",,,,ACME,,,,,,,,0.00\n",
        [("2024-01-15", "12.34", "Lidl", None)],
        ["money in"],
        currency="EUR",
    ),
    Export(
        "Monzo, signed and with Money Out and Money In",
        "Transaction ID,Date,Time,Type,Name,Emoji,Category,Amount,Currency,Local amount,Local currency,Notes and #tags,"
        "Address,Receipt,Description,Category split,Money Out,Money In\n"
        "tx_1,15/01/2024,12:01:02,Card payment,Tesco,🛒,Groceries,-12.34,GBP,-12.34,GBP,,1 High St,,TESCO 12,,-12.34,\n"
        "tx_2,16/01/2024,09:00:00,Card payment,Paris Cafe,,Eating out,-4.30,GBP,-5.00,EUR,,,,CAFE,,-4.30,\n"
        "tx_3,17/01/2024,09:00:00,Faster payment,ACME,,Income,1500.00,GBP,1500.00,GBP,,,,SALARY,,,1500.00\n",
        [("2024-01-15", "12.34", "Tesco", "Groceries"), ("2024-01-16", "4.30", "Paris Cafe", "Eating out")],
        ["money in"],
        currency="GBP",
    ),
    Export(
        "Starling",
        "Date,Counter Party,Reference,Type,Amount (GBP),Balance (GBP),Spending Category,Notes\n"
        ",Opening Balance,,,,100.00,,\n"
        "15/01/2024,Sainsbury's,SAINSBURYS 123,CARD PAYMENT,-20.10,79.90,GROCERIES,\n"
        "31/01/2024,Starling,Interest,DEPOSIT INTEREST,0.05,79.95,INCOME,\n",
        [("2024-01-15", "20.10", "Sainsbury's", "GROCERIES")],
        ["balance", "money in"],
        currency="GBP",
    ),
    Export(
        "Sparkasse CAMT",
        '"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";"Glaeubiger ID";'
        '"Mandatsreferenz";"Kundenreferenz (End-to-End)";"Sammlerreferenz";"Lastschrift Ursprungsbetrag";'
        '"Auslagenersatz Ruecklastschrift";"Beguenstigter/Zahlungspflichtiger";"Kontonummer/IBAN";"BIC (SWIFT-Code)";'
        '"Betrag";"Waehrung";"Info"\n'
        '"DE11";"25.03.24";"25.03.24";"FOLGELASTSCHRIFT";"Abschlag 03/24";"DE94";"M1";"R1";"";"";"";"Stadtwerke";'
        '"DE22";'
        '"BIC";"-1.099,80";"EUR";"Umsatz gebucht"\n'
        '"DE11";"26.03.24";"26.03.24";"ENTGELT";"Kontofuehrung";"";"";"";"";"";"";"";"";"";"-5,95";"EUR";'
        '"Umsatz gebucht"\n'
        '"DE11";"27.03.24";"28.03.24";"KARTENZAHLUNG";"REWE";"";"";"";"";"";"";"REWE";"";"";"-7,00";"EUR";'
        '"Umsatz vorgemerkt"\n',
        [("2024-03-25", "1099.80", "Stadtwerke", None), ("2024-03-26", "5.95", "Kontofuehrung", None)],
        ["not booked"],
        currency="EUR",
        account="DE11",
        encoding="latin-1",
    ),
    Export(
        "Sparkasse MT940, dates that leave both readings open, told",
        '"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";'
        '"Beguenstigter/Zahlungspflichtiger";'
        '"Kontonummer";"BLZ";"Betrag";"Waehrung";"Info"\n'
        '"1000";"02.03.18";"02.03.18";"LASTSCHRIFT";"EREF+1";"Vodafone";"DE13";"DEUT";"-36,99";"EUR";'
        '"Umsatz gebucht"\n',
        [("2018-03-02", "36.99", "Vodafone", None)],
        currency="EUR",
        account="1000",
        options=ReadingOptions(dates="day-first"),
    ),
    Export(
        "DKB",
        '\ufeff"Girokonto";"DE42120300001033738756"\n""\n"Kontostand vom 09.12.2025:";"4.093,32 €"\n""\n'
        '"Buchungsdatum";"Wertstellung";"Status";"Zahlungspflichtige*r";"Zahlungsempfänger*in";"Verwendungszweck";'
        '"Umsatztyp";"IBAN";"Betrag (€)";"Gläubiger-ID";"Mandatsreferenz";"Kundenreferenz"\n'
        '"28.11.25";"28.11.25";"Gebucht";"Max";"REWE";"Einkauf";"Ausgang";"DE89";"-62,3";"";"";""\n'
        '"27.11.25";"27.11.25";"Gebucht";"ACME";"Max";"Lohn";"Eingang";"DE89";"2.000";"";"";""\n',
        [("2025-11-28", "62.30", "REWE", None)],
        ["money in"],
        currency="EUR",
    ),
    Export(
        "Deutsche Bank, with the balance in the last line",
        "Umsätze Girokonto;;;Kundennummer: 100 1234567\n\n01.01.2024 - 31.01.2024\n"
        "Vorgemerkte und noch nicht gebuchte Umsätze sind nicht Bestandteil dieser Übersicht.\n"
        "Buchungstag;Wert;Umsatzart;Begünstigter / Auftraggeber;Verwendungszweck;IBAN;BIC;Kundenreferenz;"
        "Mandatsreferenz ;Gläubiger ID;Fremde Gebühren;Betrag;Abweichender Empfänger;Anzahl der Aufträge;"
        "Anzahl der Schecks;Soll;Haben;Währung\n"
        '30.01.2024;30.01.2024;"SEPA-Lastschrift";Stadtwerke;Abschlag;DE1;BIC;NOTPROVIDED;M1;G1;;;;;;-85,00;;EUR\n'
        '31.01.2024;31.01.2024;"SEPA-Gutschrift";ACME;Gehalt;DE2;BIC;;;;;;;;;;2.500,00;EUR\n'
        "Kontostand;31.01.2024;;;6.000,00;EUR\n",
        [("2024-01-30", "85.00", "Stadtwerke", None)],
        ["money in", "balance"],
        currency="EUR",
        encoding="cp1252",
    ),
    Export(
        "Comdirect, a semicolon more and the old balance below",
        ';\n"Umsätze Verrechnungskonto ";"Zeitraum: 30 Tage";\n"Neuer Kontostand";"16,94 EUR";\n\n'
        '"Buchungstag";"Wertstellung (Valuta)";"Vorgang";"Buchungstext";"Umsatz in EUR";\n'
        '"25.04.2019";"25.04.2019";"Lastschrift";" Empfänger: Rewe Buchungstext: Einkauf";"-59,97";\n'
        '"26.04.2019";"26.04.2019";"Gutschrift";" Auftraggeber: ACME";"180,00";\n\n"Alter Kontostand";"16,89 EUR";\n',
        [("2019-04-25", "59.97", "Empfänger: Rewe Buchungstext: Einkauf", None)],
        ["money in", "balance"],
        currency="EUR",
        encoding="cp1252",
    ),
    Export(
        "Commerzbank",
        "\ufeffBuchungstag;Wertstellung;Umsatzart;Buchungstext;Betrag;Währung;IBAN Kontoinhaber;Kategorie\r\n"
        "31.12.2024;31.12.2024;Zinsen/Entgelte;Kontoführung 12/2024;-10,7;EUR;DE79;\r\n"
        "31.12.2024;31.12.2024;Zinsen/Entgelte;Rechnungsabschluss;0;EUR;DE79;\r\n",
        [("2024-12-31", "10.70", "Kontoführung 12/2024", None)],
        ["zero"],
        currency="EUR",
        account="DE79",
    ),
    Export(
        "Volksbank, S and H in a column without a name, balances with a date",
        "Volksbank eG;;;;;;\n;;;;;;\nBLZ:;42461435;;Datum:;04.04.2019;;\nBetrag in EUR:;;von:; ;bis:; ;\n;;;;;;\n"
        "Buchungstag;Valuta;Empfänger/Zahlungspflichtiger;Vorgang/Verwendungszweck;Währung;Umsatz; \n"
        '30.04.2019;30.04.2019;Gartenbauverein;"ÜBERWEISUNG\nBeitrag\nvom 03.03.2005";EUR;12;S\n'
        "30.04.2019;30.04.2019;;GUTSCHRIFT;EUR;258,17;H\n;;;;;;\n"
        "28.04.2019;;;Anfangssaldo;EUR;22.257,11;H\n30.04.2019;;;Endsaldo;EUR;21.488,94;S\n",
        [("2019-04-30", "12.00", "Gartenbauverein", None)],
        ["money in", "balance", "balance"],
        currency="EUR",
        encoding="cp1252",
    ),
    Export(
        "1822direkt, signed amounts under Soll/Haben",
        "Kontonummer;Datum/Zeit;Buchungstag;Wertstellung;Soll/Haben;Buchungsart;Empfänger/Auftraggeber Name;Vwz.0\n"
        "12345678;25.03.2020 04:13;25.03.2020;25.03.2020;-19,99;Lastschrift;PayPal;Pizza\n"
        "12345678;24.03.2020 04:13;24.03.2020;24.03.2020;100,00;Gutschrift;Oma;Danke\n",
        [("2020-03-25", "19.99", "PayPal", None)],
        ["money in"],
        account="12345678",
        encoding="cp1252",
    ),
    Export(
        "Chase card",
        "Transaction Date,Post Date,Description,Category,Type,Amount,Memo\n"
        "01/15/2024,01/16/2024,WHOLE FOODS #123,Groceries,Sale,-125.47,\n"
        "01/20/2024,01/20/2024,Payment Thank You-Mobile,,Payment,500.00,\n",
        [("2024-01-15", "125.47", "WHOLE FOODS #123", "Groceries")],
        ["money in"],
    ),
    Export(
        "Chase account, DEBIT CREDIT CHECK beside signed amounts, one delimiter too many",
        "Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #\n"
        "CREDIT,06/30/2024,ACME PAYROLL,1500.00,ACH_CREDIT,4000.00,,\n"
        "DEBIT,06/29/2024,PG&E,-70.00,ACH_DEBIT,2500.00,,\nCHECK,06/28/2024,CHECK 101,-20.00,CHECK_PAID,2570.00,101,\n",
        [("2024-06-29", "70.00", "PG&E", None), ("2024-06-28", "20.00", "CHECK 101", None)],
        ["money in"],
    ),
    Export(
        "Bank of America, a summary with its own header above and the balance as first line",
        'Description,,Summary Amt.\nBeginning balance as of 01/01/2024,,"1,000.00"\nTotal credits,,"500.00"\n\n'
        "Date,Description,Amount,Running Bal.\n"
        '01/01/2024,Beginning balance as of 01/01/2024,,"1,000.00"\n'
        '01/15/2024,"TRADER JOES, BERKELEY CA","-1,030.00","970.00"\n01/31/2024,PAYROLL,"500.00","1,470.00"\n',
        [("2024-01-15", "1030.00", "TRADER JOES, BERKELEY CA", None)],
        ["balance", "money in"],
    ),
    Export(
        "Capital One, debit and credit columns",
        "Transaction Date,Posted Date,Card No.,Description,Category,Debit,Credit\n"
        "2024-01-15,2024-01-16,1234,AIRLINE,Travel,1000.00,\n2024-01-20,2024-01-20,1234,AUTOPAY,Payment,,1000.00\n",
        [("2024-01-15", "1000.00", "AIRLINE", "Travel")],
        ["money in"],
        account="1234",
    ),
    Export(
        "Citi, a pending line, and parentheses in the debit column",
        "Status,Date,Description,Debit,Credit\nCleared,01/22/2024,APPLE.COM/BILL,(29.99),\n"
        'Pending,01/23/2024,UBER,12.00,\nCleared,01/15/2024,"PAYMENT, THANK YOU",,-500.00\n',
        [("2024-01-22", "29.99", "APPLE.COM/BILL", None)],
        ["not booked", "money in"],
    ),
    Export(
        "Amex UK, month names, pending in the date column, CR in a column without a name",
        "\ufeffDate Processed,Description,Amount,\nPending,NOWTV.COM/BILLINGHELP    SKY,£8.99,\n"
        '12-Dec-2019,ROYAL LONDON INSURANCE,"£1,183.23",\n13-Dec-2019,PAYMENT RECEIVED,£67.40,CR\n',
        [("2019-12-12", "1183.23", "ROYAL LONDON INSURANCE", None)],
        ["not booked", "money in"],
        currency="GBP",
    ),
    Export(
        "Amex Germany, purchases positive, told",
        'Datum,Beschreibung,Karteninhaber,Konto #,Betrag\n25/01/2024,REWE BERLIN,ERIKA,-12345,"45,67"\n'
        '26/01/2024,ZAHLUNG ERHALTEN. BESTEN DANK.,ERIKA,-12345,"-200,00"\n',
        [("2024-01-25", "45.67", "REWE BERLIN", None)],
        ["money in"],
        account="-12345",
        options=ReadingOptions(spending="positive"),
    ),
    Export(
        "Apple Card, purchases positive, told",
        "Transaction Date,Clearing Date,Description,Merchant,Category,Type,Amount (USD),Purchased By\n"
        "01/15/2024,01/16/2024,UBER *TRIP 8005,Uber,Transportation,Purchase,23.45,Jo\n"
        "01/20/2024,01/20/2024,ACH DEPOSIT,Ach Deposit,Payment,Payment,-500.00,Jo\n",
        [("2024-01-15", "23.45", "Uber", "Transportation")],
        ["money in"],
        currency="USD",
        options=ReadingOptions(spending="positive"),
    ),
    Export(
        "Schwab, notes between header and bookings",
        "Transactions  for Checking account EAC as of 12/23/2020 16:00:10 ET\n"
        '"Date","Type","Check #","Description","Withdrawal (-)","Deposit (+)","RunningBalance"\n'
        '"Pending Transactions are not reflected within this sort criterion."\n"Posted Transactions"\n'
        '"11/13/2020","VISA","","COMPASS VENDING","$6.14","","$50.01"\n'
        '"11/12/2020","WIRE","","Incoming Wire","","$20,000.00","$20,050.01"\n',
        [("2020-11-13", "6.14", "COMPASS VENDING", None)],
        ["not booked", "no booking", "money in"],
    ),
    Export(
        "Barclays",
        "Number,Date,Account,Amount,Subcategory,Memo\n"
        " ,25/01/2024,20-00-00 12345678,-45.67,PAYMENT,TESCO STORES     ON 24 JAN BCC\n",
        [("2024-01-25", "45.67", "TESCO STORES ON 24 JAN BCC", "PAYMENT")],
        account="20-00-00 12345678",
    ),
    Export(
        "Lloyds",
        "Transaction Date,Transaction Type,Sort Code,Account Number,Transaction Description,Debit Amount,"
        "Credit Amount,Balance\n"
        "25/01/2024,DEB,'30-00-00,12345678,TESCO STORES,45.67,,1000.00\n"
        "24/01/2024,FPI,'30-00-00,12345678,ACME,,1500.00,1045.67\n",
        [("2024-01-25", "45.67", "TESCO STORES", None)],
        ["money in"],
        account="12345678",
    ),
    Export(
        "HSBC, no header, columns by number",
        '25/01/2024,TESCO STORES 1234,-45.67\n26/01/2024,ACME SALARY,"1,500.00"\n',
        [("2024-01-25", "45.67", "TESCO STORES 1234", None)],
        ["money in"],
        options=ReadingOptions(columns={"date": "1", "amount": "3", "description": "2"}),
    ),
    Export(
        "TD Canada, no header, debit and credit by number, no description told",
        "01/15/2024,TIM HORTONS #22,4.50,,1000.00\n01/16/2024,PAYROLL,,2500.00,3500.00\n",
        [("2024-01-15", "4.50", "TIM HORTONS #22", None)],
        ["money in"],
        options=ReadingOptions(columns={"date": "1", "debit": "3", "credit": "4"}),
    ),
    Export(
        "Société Générale",
        '="0123456789";25/12/2023;25/01/2024;\n'
        "Date de l'opération;Libellé;Détail de l'écriture;Montant de l'opération;Devise\n"
        "25/01/2024;CARTE X1234;CARTE X1234 24/01 CARREFOUR;-45,67;EUR\n26/01/2024;VIR RECU;VIR RECU ACME;1500,"
        "00;EUR\n",
        [("2024-01-25", "45.67", "CARTE X1234 24/01 CARREFOUR", None)],
        ["money in"],
        currency="EUR",
        encoding="latin-1",
    ),
    Export(
        "Crédit Agricole, cells over two lines",
        "Téléchargement du 27/01/2024;;;;\n;;;;\nCompte de Dépôt carte n° 123;;;;\nSolde au 26/01/2024 1 234,"
        "56 €;;;;\n;;;;\n"
        'Date;Libellé;Débit euros;Crédit euros;\n25/01/2024;"PAIEMENT PAR CARTE      \nX1234 CARREFOUR";45,67;;\n'
        '26/01/2024;"VIREMENT EN VOTRE FAVEUR\nACME";;1 500,00;\n',
        [("2024-01-25", "45.67", "PAIEMENT PAR CARTE X1234 CARREFOUR", None)],
        ["money in"],
        currency="EUR",
        encoding="cp1252",
    ),
    Export(
        "Boursorama",
        "\ufeffdateOp;dateVal;label;category;categoryParent;supplierFound;amount;comment;accountNum;accountLabel;"
        "accountbalance\n"
        '2024-01-15;2024-01-15;"CARTE 14/01/24 CARREFOUR";"Alimentation";"Vie quotidienne";"carrefour";-1 234,56;'
        ";00012345;"
        '"BoursoBank";1000.50\n',
        [("2024-01-15", "1234.56", "CARTE 14/01/24 CARREFOUR", "Alimentation")],
        account="00012345",
    ),
    Export(
        "BNP Paribas, no header, the account in the first line",
        "Compte de chèques;Compte de chèques;****1234;26/01/2024;;1 234,56\n"
        "26/01/2024;FACTURE CARTE;CARREFOUR;CB 25/01;;-45,67\n",
        [("2024-01-26", "45.67", "CARREFOUR", None)],
        options=ReadingOptions(columns={"date": "1", "description": "3", "amount": "6"}),
        encoding="cp1252",
    ),
    Export(
        "BBVA",
        "F.Valor;Fecha;Concepto;Movimiento;Importe;Divisa;Disponible;Divisa;Observaciones\n"
        "15/01/2024;15/01/2024;Mercadona;Pago con tarjeta;-45,67;EUR;1.234,56;EUR;tarjeta 1234\n"
        "16/01/2024;16/01/2024;Nómina;Abono;1.500,00;EUR;2.734,56;EUR;\n",
        [("2024-01-15", "45.67", "Mercadona", None)],
        ["money in"],
        currency="EUR",
        encoding="latin-1",
    ),
    Export(
        "Santander Spain",
        ";;;;\nCuenta;ES00 0049;;;\nTitular;ANA;;;\n;;;;\nFECHA OPERACIÓN;FECHA VALOR;CONCEPTO;IMPORTE EUR;SALDO\n"
        "25/01/2024;25/01/2024;Compra Mercadona;−45,67;1.234,56\n26/01/2024;26/01/2024;Nomina;1.500,00;2.734,56\n",
        [("2024-01-25", "45.67", "Compra Mercadona", None)],
        ["money in"],
        currency="EUR",
    ),
    Export(
        "Intesa Sanpaolo",
        "Data contabile;Data valuta;Descrizione;Accrediti;Addebiti;Descrizione estesa;Mezzo\n"
        "25/01/2024;25/01/2024;Pagamento POS Esselunga;;-45,67;;Carta\n26/01/2024;26/01/2024;Stipendio;1.500,00;;;\n",
        [("2024-01-25", "45.67", "Pagamento POS Esselunga", None)],
        ["money in"],
    ),
    Export(
        "Fineco",
        "Data_Operazione;Data_Valuta;Entrate;Uscite;Descrizione;Descrizione_Completa;Stato;Moneymap\n"
        "15/01/2024;16/01/2024;;-12,50;PAGAMENTO POS;Esselunga Milano;Contabilizzato;Spesa\n"
        "27/01/2024;27/01/2024;1.500,00;;Stipendio;ACME SpA;Contabilizzato;Stipendio\n",
        [("2024-01-15", "12.50", "Esselunga Milano", None)],
        ["money in"],
    ),
    Export(
        "Rabobank, CRLF, plus signs",
        '"IBAN/BBAN","Munt","BIC","Volgnr","Datum","Rentedatum","Bedrag","Saldo na trn","Tegenrekening IBAN/BBAN",'
        '"Naam tegenpartij","Naam uiteindelijke partij","Naam initiërende partij","Omschrijving-1"\r\n'
        '"NL77","EUR","RABONL2U","0001","2024-03-01","2024-03-01","-337,49","+5257,28","","","","","RENTE LENING"\r\n'
        '"NL77","EUR","RABONL2U","0002","2024-03-14","2024-03-14","+50,00","+5307,28","NL62","Loterij","","",'
        '"Gewonnen"\r\n',
        [("2024-03-01", "337.49", "RENTE LENING", None)],
        ["money in"],
        currency="EUR",
        account="NL77",
        encoding="latin-1",
    ),
    Export(
        "ING Netherlands, Af Bij",
        '"Datum";"Naam / Omschrijving";"Rekening";"Tegenrekening";"Code";"Af Bij";"Bedrag (EUR)";"Mutatiesoort";'
        '"Mededelingen"\n'
        '"20240115";"Albert Heijn 1234";"NL20INGB";"";"BA";"Af";"24,20";"Betaalautomaat";"Pasvolgnr: 001"\n'
        '"20240116";"ACME BV";"NL20INGB";"NL11";"OV";"Bij";"1500,00";"Overschrijving";"salaris"\n',
        [("2024-01-15", "24.20", "Albert Heijn 1234", None)],
        ["money in"],
        currency="EUR",
        account="NL20INGB",
    ),
    Export(
        "bunq",
        '"Date","Amount","Account","Counterparty","Name","Description"\n'
        '"2024-03-01","-2,56","NL47BUNQ2025181418","NL89BUNQ2025105584","bunq","invoice 410408"\n'
        '"2024-03-09","750,00","NL47BUNQ2025181418","NL77RABO0311467415","W. KOELEWIJN","Naar bunq"\n',
        [("2024-03-01", "2.56", "bunq", None)],
        ["money in"],
        account="NL47BUNQ2025181418",
    ),
    Export(
        "KBC, the owner's name on every line, signed amount and debit and credit",
        "Rekeningnummer;Rubrieknaam;Naam;Munt;Afschriftnummer;Datum;Omschrijving;Valuta;Bedrag;Saldo;credit;debet;"
        "rekeningnummer tegenpartij;BIC tegenpartij;Naam tegenpartij\n"
        "BE11;   ;SMITH JOHN;EUR;  02018038;28/02/2018;BIJDRAGE;28/02/2018;-3,40;219,95;    ;-3,40;   ;  ;DELHAIZE\n"
        "BE11;   ;SMITH JOHN;EUR;  02018039;27/02/2018;LOON;27/02/2018;1500,00;223,35;1500,00;   ;   ;  ;ACME\n",
        [("2018-02-28", "3.40", "DELHAIZE", None)],
        ["money in"],
        currency="EUR",
        account="BE11",
    ),
    Export(
        "Knab, two header lines, D and C",
        "KNAB EXPORT;;;;;;;;;;;;;;;;\nRekeningnummer;Transactiedatum;Valutacode;CreditDebet;Bedrag;Tegenrekeningnummer;"
        "Tegenrekeninghouder;Valutadatum;Betaalwijze;Omschrijving;Type betaling;Machtigingsnummer;Incassant ID;Adres;"
        'Referentie;Boekdatum;\n"NL00KNAB";"25-01-2024";"EUR";"D";"12,34";"NL11";"AH 1234";"25-01-2024";"Pin";'
        '"eten";"";"";'
        '"";"";"R1";"25-01-2024";\n"NL00KNAB";"26-01-2024";"EUR";"C";"1500,00";"NL22";"ACME";"26-01-2024";"Ontvangst";'
        '"salaris";"";"";"";"";"R2";"26-01-2024";\n',
        [("2024-01-25", "12.34", "AH 1234", None)],
        ["money in"],
        currency="EUR",
        account="NL00KNAB",
    ),
    Export(
        "Swedbank Sweden, Valuta is the currency",
        "* Transaktioner Period 2019-10-01–2019-10-12 Skapad 2019-10-12 14:57 CEST\r\n"
        "Radnummer,Clearingnummer,Kontonummer,Produkt,Valuta,Bokföringsdag,Transaktionsdag,Valutadag,Referens,"
        "Beskrivning,"
        'Belopp,Bokfört saldo\r\n1,83519,0036110559,"Privatkonto",SEK,2019-10-14,2019-10-12,2019-10-12,"ANTIKVARIAT",'
        '"Kortköp",-120.00,21834.16\r\n2,83519,0036110559,"Privatkonto",SEK,2019-10-11,2019-10-11,2019-10-11,'
        '"Lön","Lön",'
        "20000.00,21954.16\r\n",
        [("2019-10-12", "120.00", "ANTIKVARIAT", None)],
        ["money in"],
        currency="SEK",
        account="0036110559",
        encoding="cp1252",
    ),
    Export(
        "Swedbank Baltics, opening balance and turnover beside bookings, D/K",
        '"Client account","Row type","Date","Beneficiary/Payer","Details","Amount","Currency","D/K","Record ID",'
        '"Code",\n'
        '"LT007300","10","2024-01-01","","Opening balance","100.00","EUR","K","","AS",\n'
        '"LT007300","20","2024-01-15","MAXIMA LT","PIRKINYS 1234","12.34","EUR","D","2024011500","K",\n'
        '"LT007300","20","2024-01-16","UAB ACME","Alga","1500.00","EUR","K","2024011501","MK",\n'
        '"LT007300","82","2024-01-31","","Turnover","12.34","EUR","D","","K2",\n',
        [("2024-01-15", "12.34", "MAXIMA LT", None)],
        ["balance", "money in", "balance"],
        currency="EUR",
        account="LT007300",
    ),
    Export(
        "Danske Bank",
        '"Dato";"Kategori";"Underkategori";"Tekst";"Beløb";"Saldo";"Status";"Afstemt"\n'
        '"25.01.2024";"Mad";"Dagligvarer";"NETTO";"-1.123,45";"1.000,00";"Udført";"Nej"\n'
        '"26.01.2024";"";"";"Løn";"20.000,00";"21.000,00";"Udført";"Nej"\n'
        '"27.01.2024";"";"";"Spotify";"-99,00";"";"Venter";"Nej"\n',
        [("2024-01-25", "1123.45", "NETTO", "Mad")],
        ["money in", "not booked"],
        encoding="cp1252",
    ),
    Export(
        "DNB",
        '"Dato";"Forklaring";"Rentedato";"Ut fra konto";"Inn på konto"\n'
        '"25.01.2024";"Varekjøp Kiwi";"25.01.2024";"123,45";""\n"26.01.2024";"Lønn";"26.01.2024";"";"20.000,00"\n',
        [("2024-01-25", "123.45", "Varekjøp Kiwi", None)],
        ["money in"],
    ),
    Export(
        "mBank, a preamble with summary, the currency in every amount, a footer with the balance",
        "mBank S.A. Bankowość Detaliczna;\n;;\n#Klient;\nJAN KOWALSKI;\n\n#Za okres:;\n10.07.2019;10.10.2019;\n"
        "#Waluta;#Wpływy;#Wydatki;\nPLN;19 721,84;-22 620,49;\n\n"
        "#Data operacji;#Opis operacji;#Rachunek;#Kategoria;#Kwota;#Saldo po operacji;\n"
        '2019-10-09;"ŻABKA  ZAKUP KARTĄ          ";eKonto 0000 ... 1111;Żywność;-1 030,00 PLN;2 960,15 PLN;\n'
        "2019-09-25;PENSJA;eKonto 0000 ... 1111;Wpływy;2 000,00 PLN;2 867,35 PLN;\n;;;;#Saldo końcowe;2 960,15 PLN;\n",
        [("2019-10-09", "1030.00", "ŻABKA ZAKUP KARTĄ", "Żywność")],
        ["money in", "balance"],
        currency="PLN",
        account="eKonto 0000 ... 1111",
    ),
    Export(
        "PKO BP, in the encoding it was told",
        '"Data operacji","Data waluty","Typ transakcji","Kwota","Waluta","Saldo po transakcji","Opis transakcji",'
        '"",""\n'
        '"2024-01-15","2024-01-14","Płatność kartą","-12.34","PLN","+100.00","Tytuł: ŁÓDŹ","Lokalizacja: PL",""\n',
        [("2024-01-15", "12.34", "Tytuł: ŁÓDŹ", None)],
        currency="PLN",
        encoding="cp1250",
        options=ReadingOptions(encoding="cp1250"),
    ),
    Export(
        "Caixa Geral de Depósitos",
        "Conta;PT50 0000\n\nData mov.;Data valor;Descrição;Débito;Crédito;Saldo contabilístico\n"
        "15-01-2024;15-01-2024;PINGO DOCE;45,20;;1.954,80\n16-01-2024;16-01-2024;SALARIO;;2.000,00;3.954,80\n",
        [("2024-01-15", "45.20", "PINGO DOCE", None)],
        ["money in"],
        encoding="cp1252",
    ),
    Export(
        "Banco Inter, R$ in the amounts",
        "Extrato Conta Corrente\nConta ;31304761\nPeríodo ;01/12/2025 a 31/12/2025\n\nData Lançamento;Descrição;"
        "Valor;Saldo\n"
        "31/12/2025;Pix enviado: VERDEMAR;R$ -1.703,69;R$ 1.008,71\n31/12/2025;Pix recebido;R$ 80,00;R$ 2.712,40\n",
        [("2025-12-31", "1703.69", "Pix enviado: VERDEMAR", None)],
        ["money in"],
        currency="BRL",
    ),
    Export(
        "ICICI, groups as in India",
        ",,DETAILED STATEMENT\nS No.,Value Date,Transaction Date,Cheque Number,Transaction Remarks,"
        "Withdrawal Amount (INR ),Deposit Amount (INR ),Balance (INR )\n"
        '1,13/04/2023,12/04/2023,-,UPI/ZOMATO,"1,23,450.50",0,"10,00,000.00"\n'
        '2,14/04/2023,14/04/2023,-,NEFT/ACME,0,"2,000.00","12,000.00"\n',
        [("2023-04-12", "123450.50", "UPI/ZOMATO", None)],
        ["money in"],
        currency="INR",
    ),
    Export(
        "UBS, apostrophes for thousands",
        "Produit;Monn.;Description;Date de valeur;Description 1;Description 2;Débit;Crédit;Solde\n"
        "0123;CHF;Compte personnel;31.03.2019;Loyer;;1'310.00;;11'373.94\n"
        "0123;CHF;Compte personnel;28.02.2019;Virement postal;ASSOCIATION;;240.00;11'613.94\n"
        "0123;CHF;Compte personnel;27.02.2019;Ordre e-banking;;200.00;;11'413.94\n",
        [("2019-03-31", "1310.00", "Loyer", None), ("2019-02-27", "200.00", "Ordre e-banking", None)],
        ["money in"],
        currency="CHF",
    ),
    Export(
        "Erste Hungary, dates with a point behind",
        "Tranzakció dátuma,Partner neve,Tranzakció összege,Tranzakció devizaneme,Bevétel/Kiadás,Közlemény,Devizanem\n"
        "2019.04.19.,Spar,-350,HUF,outflow,,HUF\n2019.04.17.,ACME,1290,HUF,inflow,,HUF\n",
        [("2019-04-19", "350.00", "Spar", None)],
        ["money in"],
        currency="HUF",
    ),
    Export(
        "DBS, the text of a booking goes on in the next line",
        'Account details for:,Account 666\nAvailable Balance,"6,666.66"\n\nTransaction History\n'
        "Transaction date,Value date,Description,Withdrawals (SGD),Deposits (SGD)\n"
        "18/04/2018,18/04/2018,DEBIT PURCHASE,6.66,\n,,15/04/18  66-6666 UBER EATS\n",
        [("2018-04-18", "6.66", "DEBIT PURCHASE", None)],
        ["no booking"],
        currency="SGD",
    ),
    Export(
        "PayPal",
        '\ufeff"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net","From Email Address",'
        '"To Email Address","Transaction ID","Balance","Balance Impact"\n'
        '"1/25/2024","07:47:30","PST","Spotify","PreApproved Payment","Completed","USD","-10.99","0.00","-10.99",'
        '"a","b","1",'
        '"0.00","Debit"\n'
        '"1/25/2024","07:47:31","PST","","Bank Deposit to PP Account","Completed","USD","10.99","0.00","10.99",'
        '"","a","2",'
        '"10.99","Credit"\n'
        '"1/26/2024","07:47:31","PST","Shop","Express Checkout","Pending","USD","-5.00","0.00","-5.00","a","c",'
        '"3","0","Memo"\n',
        [("2024-01-25", "10.99", "Spotify", None)],
        ["money in", "not booked"],
        currency="USD",
    ),
    Export(
        "Splitwise, a blank line below the header and the balance below the bookings",
        "Date,Description,Category,Cost,Currency,Ann,Ben\n\n2024-01-05,Supermarket,Groceries,98.30,CHF,-49.15,49.15\n\n"
        "2024-02-01,Total balance, , ,CHF,-49.15,49.15\n",
        [("2024-01-05", "98.30", "Supermarket", "Groceries")],
        ["balance"],
        currency="CHF",
    ),
    Export(
        "Spendee, moments in time",
        '"Date","Wallet","Type","Category name","Amount","Currency","Note","Labels","Author"\n'
        '"2024-01-15T10:11:12+00:00","Cash","Expense","Food & Drink","-12.50","EUR","lunch","","Ann"\n'
        '"2024-01-16T10:11:12+00:00","Cash","Income","Salary","1500.00","EUR","","","Ann"\n',
        [("2024-01-15", "12.50", "lunch", "Food & Drink")],
        ["money in"],
        currency="EUR",
        account="Cash",
    ),
    Export(
        "Money Manager, tabs, Income/Expense",
        "Date\tAccount\tCategory\tSubcategory\tNote\tEUR\tIncome/Expense\tDescription\tAmount\tCurrency\tAccount\n"
        "01/25/2024 18:30:12\tCash\tFood\tLunch\tpizza\t12.50\tExpense\t\t12.50\tEUR\t12.50\n"
        "01/26/2024 18:30:12\tBank\tSalary\t\tACME\t1500\tIncome\t\t1500\tEUR\t1500\n",
        [("2024-01-25", "12.50", "pizza", "Food")],
        ["money in"],
        currency="EUR",
        account="Cash",
    ),
    Export(
        "Outbank, month-first dates and decimal commas in one file",
        "#;Account;Date;Value Date;Amount;Currency;Name;Number;Bank;Reason;Category;Subcategory;Tags;Note\n"
        '1;DE81;2/20/19;2/20/19;100,00;EUR;"Jane";"";"";"Refund";"";"";"";""\n'
        '2;DE81;2/8/19;2/8/19;-63,89;EUR;"Shell";"DE33";"CHAS";"Shell purchase";"Travel";"Gas";"";""\n',
        [("2019-02-08", "63.89", "Shell", "Travel")],
        ["money in"],
        currency="EUR",
        account="DE81",
    ),
    Export(
        "Raiffeisen ELBA, bars, no header, columns by number",
        "| POS 6,49 AT K1|20190311|FORSTINGER |-1.189,30|\n| SEPA|20190311| Netflix|-7,73| LU96\n",
        [("2019-03-11", "1189.30", "FORSTINGER", None), ("2019-03-11", "7.73", "Netflix", None)],
        options=ReadingOptions(columns={"date": "3", "description": "4", "amount": "5"}),
    ),
]


def write(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "export.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def spending(lines: Sequence[Line]) -> list[Spent]:
    return [
        (line.spent_on.isoformat(), str(line.amount), line.description, line.category)
        for line in lines
        if isinstance(line, SpendingLine)
    ]


def skipped(lines: Sequence[Line]) -> list[str]:
    return [line.reason for line in lines if isinstance(line, SkippedLine)]


def bad(lines: Sequence[Line]) -> list[str]:
    return [str(line) for line in lines if isinstance(line, BadLine)]


def read(folder: Path, content: str | bytes, options: ReadingOptions = AS_FOUND) -> list[Line]:
    return list(open_bank_file(write(folder, content), options).lines())


def refusal(folder: Path, content: str | bytes, options: ReadingOptions = AS_FOUND) -> str:
    """The words with which the file is refused: one or two lines that begin with its name."""
    path = write(folder, content)
    with pytest.raises(BankFileError) as caught:
        list(open_bank_file(path, options).lines())
    words = str(caught.value)
    assert words.startswith(str(path))
    assert len(words.splitlines()) <= 2
    return words


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_a_real_export_is_read_as_it_was_meant(export: Export, tmp_path: Path) -> None:
    file = open_bank_file(write(tmp_path, export.text, export.encoding), export.options)
    lines = list(file.lines())
    assert bad(lines) == []
    assert spending(lines) == export.spent
    assert skipped(lines) == export.skipped
    assert file.currency == export.currency
    assert {line.account for line in lines if isinstance(line, SpendingLine)} == {export.account}


def test_the_exports_cover_at_least_twenty_five_banks_and_apps() -> None:
    assert len({export.name for export in EXPORTS}) == len(EXPORTS) >= 25


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
@pytest.mark.parametrize("line_end", ["\r\n", "\r"], ids=["CRLF", "CR"])
def test_line_ends_and_a_missing_last_one_change_nothing(export: Export, line_end: str, tmp_path: Path) -> None:
    text = export.text.replace("\r\n", "\n").rstrip("\n").replace("\n", line_end)
    lines = list(open_bank_file(write(tmp_path, text, export.encoding), export.options).lines())
    assert spending(lines) == export.spent
    assert skipped(lines) == export.skipped


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_every_export_can_come_as_unicode_too(export: Export, encoding: str, tmp_path: Path) -> None:
    options = ReadingOptions(export.options.columns, export.options.dates, spending=export.options.spending)
    lines = list(open_bank_file(write(tmp_path, export.text.removeprefix("\ufeff"), encoding), options).lines())
    assert spending(lines) == export.spent


# ---------------------------------------------------------------------------------------------- encoding, delimiter


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("Café", "utf-8", "utf-8"),
        ("Café", "utf-8-sig", "utf-8-sig"),
        ("Café", "utf-16-le", None),
        ("Café – €", "cp1252", "cp1252"),
        ("Caf\x81", "latin-1", "latin-1"),
    ],
)
def test_the_encoding_is_decided_by_the_bytes(text: str, encoding: str, found: str | None, tmp_path: Path) -> None:
    content = f"Date,Description,Amount\n2024-01-15,{text},-1.00\n".encode(encoding)
    if found is None:
        assert "not a text file" in refusal(tmp_path, content)
        return
    file = open_bank_file(write(tmp_path, content))
    assert file.encoding == found
    if encoding != "latin-1":
        assert spending(list(file.lines()))[0][2] == text


def test_one_letter_far_down_the_file_decides_its_encoding(tmp_path: Path) -> None:
    rows = "2024-01-15,Coffee,-1.00\n" * 20_000
    content = f"Date,Description,Amount\n{rows}2024-01-16,Café,-2.00\n".encode("cp1252")
    file = open_bank_file(write(tmp_path, content))
    assert file.encoding == "cp1252"
    assert spending(list(file.lines()))[-1][2] == "Café"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("sep_line", [False, True], ids=["plain", "sep="])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["no BOM", "BOM"])
def test_the_delimiter_is_found_or_told_by_the_first_line(
    delimiter: str, sep_line: bool, bom: str, tmp_path: Path
) -> None:
    rows = [["Date", "Description", "Amount"], ["2024-01-15", '"a, b; c\td|e"', "-12.50"]]
    text = "\n".join(delimiter.join(row) for row in rows)
    file = open_bank_file(write(tmp_path, f"{bom}sep={delimiter}\n{text}" if sep_line else bom + text))
    assert file.delimiter == delimiter
    assert spending(list(file.lines())) == [("2024-01-15", "12.50", "a, b; c d|e", None)]


def test_a_delimiter_of_ones_own_can_be_told(tmp_path: Path) -> None:
    lines = read(tmp_path, "Date:Description:Amount\n2024-01-15:a,b:-1.00\n", ReadingOptions(delimiter=":"))
    assert spending(lines) == [("2024-01-15", "1.00", "a,b", None)]


def test_spaces_after_the_commas_do_not_break_quoted_cells(tmp_path: Path) -> None:
    lines = read(tmp_path, 'Date, Description, Amount\n2024-01-15, "Coffee, large", -4.50\n')
    assert spending(lines) == [("2024-01-15", "4.50", "Coffee, large", None)]


def test_quotes_inside_a_cell_may_be_written_twice_or_after_a_backslash(tmp_path: Path) -> None:
    twice = read(tmp_path, 'Date,Description,Amount\n2024-01-15,"The ""Inn"", Rye",-4.50\n')
    backslash = read(tmp_path, 'Date,Description,Amount\n2024-01-15,"The \\"Inn\\", Rye",-4.50\n')
    assert spending(twice) == spending(backslash) == [("2024-01-15", "4.50", 'The "Inn", Rye', None)]


# ----------------------------------------------------------------------------------------------- header and columns


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Date,Transaction Date,Amount,Description", {"date": "Transaction Date"}),
        ("Value Date,Booking Date,Amount,Description", {"date": "Booking Date"}),
        ("Posted Date,Date,Amount,Description", {"date": "Date"}),
        ("Original Description,Description,Date,Amount", {"description": "Description"}),
        ("Memo,Payee,Date,Amount", {"description": "Payee"}),
        ("Notes,Name,Date,Amount", {"description": "Name"}),
        ("DATE, AMOUNT ,description", {"date": "DATE", "amount": "AMOUNT", "description": "description"}),
        ("transactionDate,accountName,netAmount,x", {"date": "transactionDate", "account": "accountName"}),
        ("Datum;Betrag in EUR;Verwendungszweck", {"amount": "Betrag in EUR"}),
        ("Data;Histórico;Crédito (R$);Débito (R$)", {"debit": "Débito (R$)", "credit": "Crédito (R$)"}),
        ("date;created_at;amount_eur", {"date": "date", "amount": "amount_eur"}),
        ("Fecha;Descripción;Importe (€)", {"date": "Fecha", "description": "Descripción", "amount": "Importe (€)"}),
        ("Dato;Beløb;Tekst", {"date": "Dato", "amount": "Beløb", "description": "Tekst"}),
    ],
)
def test_columns_are_chosen_by_name_in_order_of_preference(
    header: str, columns: dict[str, str], tmp_path: Path
) -> None:
    file = open_bank_file(write(tmp_path, header + "\n"))
    assert columns.items() <= dict(file.columns).items()


def test_a_file_with_a_header_only_has_no_lines(tmp_path: Path) -> None:
    assert read(tmp_path, "Date,Description,Amount\n") == []
    assert read(tmp_path, "Date,Description,Amount") == []
    assert read(tmp_path, "Data;Descrizione;Importo;Valuta\n") == []


def test_header_words_in_the_preamble_do_not_hide_the_header(tmp_path: Path) -> None:
    lines = read(
        tmp_path,
        "Date;15.01.2024;Amount of lines;2\nDate from;Date to;Amount\n\nDatum;Text;Betrag;Währung\n"
        "15.01.2024;Kaffee;-3,20;EUR\n",
    )
    assert spending(lines) == [("2024-01-15", "3.20", "Kaffee", None)]


def test_of_two_possible_headers_the_one_with_bookings_below_it_is_taken(tmp_path: Path) -> None:
    lines = read(tmp_path, "Date;Amount\nall;two\n\nDatum;Text;Betrag\n15.01.2024;Kaffee;-3,20\n")
    assert spending(lines) == [("2024-01-15", "3.20", "Kaffee", None)]


def test_what_the_cells_hold_counts_before_the_name_of_a_column(tmp_path: Path) -> None:
    lines = read(tmp_path, "Transaction Date,Date,Description,Amount,Value\nn/a,2024-01-15,a,n/a,-1\n")
    assert spending(lines) == [("2024-01-15", "1.00", "a", None)]


def test_debit_and_credit_columns_that_are_filled_now_and_then_give_way_to_the_amount(tmp_path: Path) -> None:
    lines = read(tmp_path, "Date,Description,Amount,Debit,Credit\n2024-01-15,a,-1,1,\n2024-01-16,b,-2,,\n")
    assert [line[1] for line in spending(lines)] == ["1.00", "2.00"]


def test_the_owners_name_is_no_description_beside_the_name_of_the_other_side(tmp_path: Path) -> None:
    lines = read(tmp_path, "Naam;Datum;Omschrijving;Bedrag;Naam tegenpartij\nSMITH;15/01/2024;Kosten;-3,40;\n")
    assert spending(lines) == [("2024-01-15", "3.40", "Kosten", None)]


def test_the_account_numbers_of_the_other_side_are_not_ones_own(tmp_path: Path) -> None:
    text = "Date,Payee,Account number,Amount\n2024-01-15,a,{},-1\n2024-01-16,b,{},-2\n"
    assert "account" not in open_bank_file(write(tmp_path, text.format("DE1", "DE2"))).columns
    assert open_bank_file(write(tmp_path, text.format("DE1", "DE1"))).columns["account"] == "Account number"


def test_blank_lines_and_a_header_that_comes_again_are_no_bookings(tmp_path: Path) -> None:
    header = "Date,Description,Amount\n"
    lines = read(tmp_path, f"\n\n{header}\n2024-01-15,a,-1\n,,\n  ,  ,\n{header}2024-01-16,b,-2\n\n")
    assert [(line[0], line[1]) for line in spending(lines)] == [("2024-01-15", "1.00"), ("2024-01-16", "2.00")]
    assert skipped(lines) == ["no booking"]


def test_a_name_that_only_sounds_right_is_taken_when_it_is_the_only_one(tmp_path: Path) -> None:
    lines = read(tmp_path, "Invoice date,Invoice amount,Supplier note\n2024-01-15,-9.90,Paper\n")
    assert spending(lines) == [("2024-01-15", "9.90", "Paper", None)]
    words = refusal(tmp_path, "Travel date,Order date,Price,Route\n2024-01-15,2024-01-10,9.90,Rye\n")
    assert "the date" in words


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"date": "Wann", "amount": "Wieviel"}, ("2024-01-15", "3.20", "Kaffee", None)),
        ({"date": "wann", "amount": "WIEVIEL", "description": "wo"}, ("2024-01-15", "3.20", "Bar", None)),
        ({"date": "1", "amount": "4"}, ("2024-01-15", "3.20", "Kaffee", None)),
        ({"date": "Wann", "amount": "4", "category": "2", "description": "3"}, ("2024-01-15", "3.20", "Bar", "Kaffee")),
    ],
)
def test_columns_can_be_told_by_name_or_number(columns: dict[str, str], expected: Spent, tmp_path: Path) -> None:
    text = "Kasse von Erika\n\nWann;Was genau;Wo;Wieviel\n2024-01-15;Kaffee;Bar;-3,20\n"
    assert spending(read(tmp_path, text, ReadingOptions(columns=columns))) == [expected]


def test_a_told_column_wins_over_a_known_name(tmp_path: Path) -> None:
    text = "Date,Value Date,Description,Memo,Amount,Local amount\n2024-01-15,2024-01-17,a,b,-1.00,-2.00\n"
    columns = {"date": "Value Date", "description": "Memo", "amount": "Local amount"}
    assert spending(read(tmp_path, text, ReadingOptions(columns=columns))) == [("2024-01-17", "2.00", "b", None)]


def test_by_number_the_first_line_is_a_header_only_without_a_digit_in_the_date(tmp_path: Path) -> None:
    options = ReadingOptions(columns={"date": "2", "amount": "1"})
    with_header = open_bank_file(write(tmp_path, "wieviel|wann\n-1.50|2024-01-15\n"), options)
    assert (with_header.header, len(list(with_header.lines()))) == (["wieviel", "wann"], 1)
    without = open_bank_file(write(tmp_path, "-1.50|2024-01-15\n-2.50|2024-01-16\n"), options)
    assert (without.header, len(list(without.lines()))) == ([], 2)
    first_is_bad = read(tmp_path, "-1.50|2024-13-45\n-2.50|2024-01-16\n", options)
    assert bad(first_is_bad) == ["line 1, column \"column 2\": '2024-13-45' is no day of the calendar"]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("date=Datum,amount=Betrag", {"date": "Datum", "amount": "Betrag"}),
        (" Date = Datum , amount=3 ", {"date": "Datum", "amount": "3"}),
        ("description=Name, first,amount=Paid = total", {"description": "Name, first", "amount": "Paid = total"}),
    ],
)
def test_the_columns_of_map_are_parsed(text: str, columns: dict[str, str]) -> None:
    assert parse_columns(text) == columns


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "says no column"),
        ("Datum", "says no column"),
        ("date=", "says no column"),
        ("day=Datum", "date, description, amount"),
        ("date=A,date=B", "twice"),
        ("date=A,,amount=B", None),
    ],
)
def test_nonsense_in_map_is_refused(text: str, words: str | None) -> None:
    if words is None:
        assert parse_columns(text)["amount"] == "B"
        return
    with pytest.raises(BankFileError, match=words):
        parse_columns(text)


def test_a_told_column_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    words = refusal(tmp_path, "Date,Text,Amount\n2024-01-15,a,-1\n", ReadingOptions(columns={"amount": "Betrag"}))
    assert '"Betrag"' in words
    assert '1 "Date", 2 "Text", 3 "Amount"' in words
    words = refusal(
        tmp_path, "Date,Text,Amount\n2024-01-15,a,-1\n", ReadingOptions(columns={"date": "1", "amount": "7"})
    )
    assert "no column 7" in words
    with pytest.raises(BankFileError, match="no role"):
        open_bank_file(write(tmp_path, "Date,Amount\n"), ReadingOptions(columns={"day": "Date"}))


def test_a_header_that_is_not_known_is_refused_with_its_columns_and_an_example(tmp_path: Path) -> None:
    words = refusal(tmp_path, "Когда,Что,Сколько\n2024-01-15,кофе,-3.20\n2024-01-16,чай,-2.20\n")
    assert '1 "Когда", 2 "Что", 3 "Сколько"' in words
    assert '--map "date=Когда,amount=Сколько"' in words
    words = refusal(tmp_path, "Date,Text,Reading\n2024-01-15,a,-3.20\n")
    assert "the amount" in words
    assert "the date" not in words


def test_a_file_without_a_header_is_refused_with_an_example_of_numbers(tmp_path: Path) -> None:
    words = refusal(tmp_path, "2024-01-20;Coffee;-5.75;12.00\n2024-01-18;Gas;-45.00;13.00\n")
    assert "no header" in words
    assert '--map "date=1,amount=3"' in words


def test_two_amount_columns_of_one_name_are_refused_if_they_differ(tmp_path: Path) -> None:
    words = refusal(tmp_path, "Date,Amount,Text,Amount\n2024-01-15,-1.00,a,-2.00\n")
    assert "--map amount=2 or --map amount=4" in words
    assert len(read(tmp_path, "Date,Amount,Text,Amount\n2024-01-15,-1.00,a,-1.00\n")) == 1
    told = read(
        tmp_path, "Date,Amount,Text,Amount\n2024-01-15,-1.00,a,-2.00\n", ReadingOptions(columns={"amount": "4"})
    )
    assert spending(told) == [("2024-01-15", "2.00", "a", None)]


# ------------------------------------------------------------------------------------------------------------- dates


def dates_in(folder: Path, texts: Sequence[str], options: ReadingOptions = AS_FOUND) -> list[str]:
    rows = "".join(f"{text};a;-1,50\n" for text in texts)
    lines = read(folder, f"Date;Description;Amount\n{rows}", options)
    return [line.spent_on.isoformat() if isinstance(line, SpendingLine) else str(line) for line in lines]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-01-05", "2024-01-05"),
        ("2024-1-5", "2024-01-05"),
        ("2024/01/05", "2024-01-05"),
        ("2024.01.05", "2024-01-05"),
        ("2024.01.05.", "2024-01-05"),
        ("20240105", "2024-01-05"),
        ("2024-01-05 00:00:00", "2024-01-05"),
        ("2024-01-05T23:59:59Z", "2024-01-05"),
        ("2024-01-05T23:59:59.123456+02:00", "2024-01-05"),
        ("2018-02-25 12:34:56 +0000", "2018-02-25"),
        ("2019 10 11", "2019-10-11"),
        ("01 Jan 2024", "2024-01-01"),
        ("1 January 2024", "2024-01-01"),
        ("Jan 1, 2024", "2024-01-01"),
        ("January 1st, 2024", "2024-01-01"),
        ("10 Feb 18", "2018-02-10"),
        ("15-JUL-24", "2024-07-15"),
        ("12-Dec-2019", "2019-12-12"),
        ("3. März 2024", "2024-03-03"),
        ("14 août 2024", "2024-08-14"),
        ("23 martie 2018", "2018-03-23"),
        ("25.03.2024", "2024-03-25"),
        ("25/3/24", "2024-03-25"),
        ("25-03-2024", "2024-03-25"),
        ("25 03 2024", "2024-03-25"),
        ("25. 3. 2024", "2024-03-25"),
        ("25.03.2020 04:13", "2020-03-25"),
        ("03/25/2024", "2024-03-25"),
        ("3/25/24, 3:04:05 PM", "2024-03-25"),
        ("05/05/2024", "2024-05-05"),
        ("29.02.2024", "2024-02-29"),
        ("Mon, 15 Jan 2024", "2024-01-15"),
        ("Monday, January 15, 2024", "2024-01-15"),
        ('="2024-01-15"', "2024-01-15"),
        ("'2024-01-15", "2024-01-15"),
    ],
)
def test_a_date_that_can_be_read_in_one_way_is_read(text: str, day: str, tmp_path: Path) -> None:
    assert dates_in(tmp_path, [text]) == [day]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not a date"),
        ("soon", "is not a date"),
        ("45292", "is a spreadsheet's number for a day; show the column as dates and export again"),
        ("01/2024", "is not a date"),
        ("2024-13-01", "is no day of the calendar"),
        ("2023-02-29", "is no day of the calendar"),
        ("99/99/2024", "is no day of the calendar (dates are read day-first)"),
        ("1899-12-31", "has a year before 1900 or after 2200"),
        ("2201-01-01", "has a year before 1900 or after 2200"),
        ("0000-00-00", "has a year before 1900 or after 2200"),
        ("2024-01-05x", "is not a date"),
        ("12.50", "is not a date"),
        ("Rent 15/01/2024", "is not a date"),
        ("01.01.2024 - 31.01.2024", "is not a date"),
    ],
)
def test_what_is_no_date_is_a_bad_line(text: str, reason: str, tmp_path: Path) -> None:
    assert dates_in(tmp_path, [text, "2024-12-31"]) == [f'line 2, column "Date": {text!r} {reason}', "2024-12-31"]


@pytest.mark.parametrize(
    ("texts", "order", "days"),
    [
        (["03/04/2024", "25/04/2024"], "day-first", ["2024-04-03", "2024-04-25"]),
        (["03/04/2024", "04/25/2024"], "month-first", ["2024-03-04", "2024-04-25"]),
        (["03.04.24", "25.04.24"], "day-first", ["2024-04-03", "2024-04-25"]),
        (["05/05/2024", "06/06/2024"], None, ["2024-05-05", "2024-06-06"]),
        (["2024-03-04", "4 Mar 2024"], None, ["2024-03-04", "2024-03-04"]),
    ],
)
def test_the_order_is_decided_once_by_all_lines(
    texts: list[str], order: str | None, days: list[str], tmp_path: Path
) -> None:
    assert dates_in(tmp_path, texts) == days
    assert open_bank_file(tmp_path / "export.csv").date_order == order


@pytest.mark.parametrize("text", ["03/04/2024", "03.04.2024", "3-4-24", "03 04 2024", "03.04.2024 10:00"])
def test_dates_with_two_readings_are_asked_for_and_never_guessed(text: str, tmp_path: Path) -> None:
    words = refusal(tmp_path, f"Date;Description;Amount\n{text};a;-1,50\n05/05/2024;b;-1,50\n")
    assert f'"{text}" (line 2) is 2024-04-03 or 2024-03-04' in words
    assert "--dates day-first or --dates month-first" in words
    assert dates_in(tmp_path, [text], ReadingOptions(dates="day-first")) == ["2024-04-03"]
    assert dates_in(tmp_path, [text], ReadingOptions(dates="month-first")) == ["2024-03-04"]


def test_a_day_that_does_not_exist_decides_nothing(tmp_path: Path) -> None:
    lines = dates_in(tmp_path, ["00/05/2024", "03/04/1823", "31/02/2024", "05/05/2024"])
    assert [line[:6] for line in lines] == ["line 2", "line 3", "line 4", "2024-0"]


def test_the_line_that_decides_may_be_the_last_of_many(tmp_path: Path) -> None:
    texts = ["03/04/2024"] * 2_000
    assert dates_in(tmp_path, [*texts, "13/04/2024"])[0] == "2024-04-03"
    assert dates_in(tmp_path, [*texts, "04/13/2024"])[0] == "2024-03-04"


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("Date (DD/MM/YYYY)", "2024-04-03"),
        ("Date mm/dd/yy", "2024-03-04"),
        ("Datum TT.MM.JJJJ", "2024-04-03"),
        ("Date (jj/mm/aaaa)", "2024-04-03"),
    ],
)
def test_a_header_can_say_the_order(name: str, day: str, tmp_path: Path) -> None:
    lines = read(tmp_path, f"{name};Description;Amount\n03/04/2024;a;-1,50\n")
    assert spending(lines)[0][0] == day


def test_lines_that_contradict_each_other_are_refused_and_can_be_told(tmp_path: Path) -> None:
    text = "Date;Description;Amount\n25/03/2024;a;-1,50\n03/25/2024;b;-1,50\n"
    words = refusal(tmp_path, text)
    assert '"25/03/2024" (line 2)' in words
    assert '"03/25/2024" (line 3)' in words
    lines = read(tmp_path, text, ReadingOptions(dates="day-first"))
    assert bad(lines) == ["line 3, column \"Date\": '03/25/2024' is no day of the calendar (dates are read day-first)"]


def test_two_digit_years_in_front_are_not_taken_for_days(tmp_path: Path) -> None:
    words = refusal(tmp_path, "Date;Description;Amount\n24-01-15;a;-1,50\n24-01-16;b;-1,50\n")
    assert "year-month-day" in words


# ----------------------------------------------------------------------------------------------------------- amounts


def amount_of(folder: Path, text: str, options: ReadingOptions = AS_FOUND) -> str:
    (line,) = read(folder, f'Date\tDescription\tAmount\n2024-01-15\ta\t"{text}"\n', options)
    return str(line) if isinstance(line, BadLine) else str(line.amount)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12.00"),
        ("12.5", "12.50"),
        ("12,5", "12.50"),
        ("-12.50", "12.50"),
        ("12.50-", "12.50"),
        ("1.234,56-", "1234.56"),
        ("+12.50", "12.50"),
        ("(45.00)", "45.00"),
        ("($1,350.00)", "1350.00"),
        ("−12,00", "12.00"),
        ("–12,00", "12.00"),
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1.234.567,89", "1234567.89"),
        ("1,234,567", "1234567.00"),
        ("12,34,567.00", "1234567.00"),
        ("1'234.50", "1234.50"),
        ("1’234.50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1\N{NO-BREAK SPACE}234,50", "1234.50"),
        ("1\N{NARROW NO-BREAK SPACE}234,50 €", "1234.50"),
        ("USD 1,234.56", "1234.56"),
        ("$-45.00", "45.00"),
        ("-$45.00", "45.00"),
        ("- $220.00", "220.00"),
        ("€ -12,00", "12.00"),
        ("R$ 80,00", "80.00"),
        ("Fr. 1'234.50", "1234.50"),
        ("Rs.500", "500.00"),
        ("2 000,00 PLN", "2000.00"),
        ("45.00 CR", "45.00"),
        ("45.00DR", "45.00"),
        ("45.00 EUR DR", "45.00"),
        (".50", "0.50"),
        ("-,50", "0.50"),
        ("0.500", "0.50"),
        ("12.500000", "12.50"),
        ("-0000000000080.69", "80.69"),
        ("9,999,999,999.99", "9999999999.99"),
        ("0.01", "0.01"),
    ],
)
def test_an_amount_is_read_exactly(text: str, value: str, tmp_path: Path) -> None:
    assert amount_of(tmp_path, text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("abc", "is not an amount"),
        ("NaN", "is not an amount"),
        ("Infinity", "is not an amount"),
        ("1e3", "is not an amount"),
        ("1e30", "is not an amount"),
        ("12.-", "is not an amount"),
        ("--5", "is not an amount"),
        ("(5", "is not an amount"),
        ("5 %", "is not an amount"),
        ("12_000", "is not an amount"),
        ("٣٤", "is not an amount"),
        ("12.50 12.60", "is not an amount (the decimal mark of this file is the point)"),
        ("1,23.50", "is not an amount (the decimal mark of this file is the point)"),
        ("45.00.00", "is not an amount (the decimal mark of this file is the point)"),
        ("12 34", "is not an amount (the decimal mark of this file is the point)"),
        ("12.505", "has more than two decimal places"),
        ("0.001", "has more than two decimal places"),
        ("10000000000.00", "is above the largest amount, 9,999,999,999.99"),
        ("9" * 60, "is above the largest amount, 9,999,999,999.99"),
    ],
)
def test_what_is_no_amount_is_a_bad_line(text: str, reason: str, tmp_path: Path) -> None:
    shown = text if len(text) <= 40 else f"{text[:39]}…"
    words = amount_of(tmp_path, text, ReadingOptions(decimal="point"))
    assert words == f'line 2, column "Amount": {shown!r} {reason}'


def test_a_group_of_thousands_does_not_begin_with_zero(tmp_path: Path) -> None:
    assert "is not an amount" in amount_of(tmp_path, "0.500", ReadingOptions(decimal="comma"))


@pytest.mark.parametrize(
    ("texts", "mark", "values"),
    [
        (["1.234", "5,50"], "comma", ["1234.00", "5.50"]),
        (["1,234", "5.50"], "point", ["1234.00", "5.50"]),
        (["1.500", "2.5"], "point", ["1.50", "2.50"]),
        (["1.234", "1.234.567"], "comma", ["1234.00", "1234567.00"]),
        (["12", "1 234"], None, ["12.00", "1234.00"]),
    ],
)
def test_the_decimal_mark_is_decided_once_by_all_lines(
    texts: list[str], mark: str | None, values: list[str], tmp_path: Path
) -> None:
    rows = "".join(f"2024-01-15\ta\t{text}\n" for text in texts)
    file = open_bank_file(write(tmp_path, f"Date\tDescription\tAmount\n{rows}"))
    assert file.decimal_mark == mark
    assert [line[1] for line in spending(list(file.lines()))] == values


@pytest.mark.parametrize(
    ("text", "readings"), [("1.234", "1234 or 1.234"), ("1,500", "1500 or 1.500"), ("-12.000", "12000 or 12.000")]
)
def test_amounts_with_two_readings_are_asked_for_and_never_guessed(text: str, readings: str, tmp_path: Path) -> None:
    words = refusal(tmp_path, f"Date\tDescription\tAmount\n2024-01-15\ta\t{text}\n2024-01-15\tb\t-20\n")
    assert f'"{text}" (line 2) is {readings}' in words
    assert "--decimal comma or --decimal point" in words
    thousands: ReadingOptions = ReadingOptions(decimal="comma" if "." in text else "point")
    assert amount_of(tmp_path, text, thousands).endswith("00.00" if "234" not in text else "1234.00")


def test_amounts_that_contradict_each_other_are_refused_and_can_be_told(tmp_path: Path) -> None:
    text = "Date\tDescription\tAmount\n2024-01-15\ta\t-1,50\n2024-01-16\tb\t-1.50\n"
    words = refusal(tmp_path, text)
    assert '"-1,50" (line 2)' in words
    assert '"-1.50" (line 3)' in words
    lines = read(tmp_path, text, ReadingOptions(decimal="point"))
    assert len(spending(lines)) == 1
    assert len(bad(lines)) == 1


# ---------------------------------------------------------------------------------------------------------- spending


def spent_and_rule(folder: Path, text: str, options: ReadingOptions = AS_FOUND) -> tuple[list[str], str]:
    file = open_bank_file(write(folder, text), options)
    lines = list(file.lines())
    assert bad(lines) == []
    return [line[2] for line in spending(lines)], file.spending


def test_negative_is_spending_if_there_is_any(tmp_path: Path) -> None:
    text = "Date,Description,Amount\n2024-01-15,out,-1.00\n2024-01-16,in,2.00\n2024-01-17,none,0.00\n"
    assert spent_and_rule(tmp_path, text) == (["out"], "negative")
    assert skipped(read(tmp_path, text)) == ["money in", "zero"]
    assert spent_and_rule(tmp_path, text, ReadingOptions(spending="positive")) == (["in"], "positive")


def test_without_a_negative_amount_all_are_spending(tmp_path: Path) -> None:
    text = "Date,Description,Amount\n2024-01-15,a,1.00\n2024-01-16,b,2.00\n2024-01-17,nothing,-0.00\n"
    assert spent_and_rule(tmp_path, text) == (["a", "b"], "all")
    assert spent_and_rule(tmp_path, text, ReadingOptions(spending="negative")) == ([], "negative")


def test_without_a_negative_amount_plus_and_cr_mark_what_comes_in(tmp_path: Path) -> None:
    text = "Date,Description,Amount\n2024-01-15,out,1.00\n2024-01-16,in,2.00 CR\n2024-01-17,in,+3.00\n"
    assert spent_and_rule(tmp_path, text) == (["out"], "unmarked")


def test_what_was_assumed_is_said(tmp_path: Path) -> None:
    file = open_bank_file(write(tmp_path, "Datum;Text;Betrag\n25.03.2024;a;-1,50\n26.03.2024;b;1,50\n27.03.2024;c;2\n"))
    said = "\n".join(file.describe())
    assert "dates: day-first (line 2: 25.03.2024)" in said
    assert "decimal mark: comma (line 2: -1,50)" in said
    assert "spending: the negative amounts, positive ones are money in; 2 are positive" in said
    assert 'date "Datum"' in said
    assert "semicolons" in said
    all_spending = open_bank_file(write(tmp_path, "Date,Description,Amount\n2024-01-15,a,1.00\n"))
    assert "spending: all amounts (none is negative)" in all_spending.describe()


def test_a_cards_statement_is_asked_for_and_not_turned_round(tmp_path: Path) -> None:
    text = "Date,Description,Amount\n2024-01-15,Shop,10.00\n2024-01-16,ONLINE PAYMENT - THANK YOU,-50.00\n"
    words = refusal(tmp_path, text)
    assert "line 3" in words
    assert "--spending positive" in words
    assert spent_and_rule(tmp_path, text, ReadingOptions(spending="positive"))[0] == ["Shop"]


@pytest.mark.parametrize(
    ("debit", "credit"),
    [
        ("debit", "credit"),
        ("Debit", "Credit"),
        ("DR", "CR"),
        ("D", "C"),
        ("Soll", "Haben"),
        ("S", "H"),
        ("Ausgabe", "Einnahme"),
        ("expense", "income"),
        ("Withdrawal", "Deposit"),
        ("Af", "Bij"),
        ("débit", "crédit"),
        ("out", "in"),
        ("Money Out", "Money In"),
        ("cargo", "abono"),
        ("Gasto", "Ingreso"),
        ("Uscita", "Entrata"),
        ("Dare", "Avere"),
        ("saída", "entrada"),
        ("Uttag", "Insättning"),
        ("obciążenie", "uznanie"),
        ("D", "K"),
        ("-", "+"),
    ],
)
def test_a_type_column_says_what_is_spending(debit: str, credit: str, tmp_path: Path) -> None:
    text = f"Date,Description,Amount,Type\n2024-01-15,out,1.00,{debit}\n2024-01-16,in,2.00,{credit}\n"
    assert spent_and_rule(tmp_path, text) == (["out"], "type")


def test_a_type_column_may_agree_with_the_signs_or_have_none(tmp_path: Path) -> None:
    agree = "Date,Description,Amount,Type\n2024-01-15,out,-1.00,debit\n2024-01-16,in,2.00,credit\n"
    assert spent_and_rule(tmp_path, agree) == (["out"], "type")
    card = "Date,Description,Amount,Type\n2024-01-15,out,1.00,debit\n2024-01-16,in,-2.00,credit\n"
    assert spent_and_rule(tmp_path, card) == (["out"], "type")


def test_a_type_column_with_other_words_is_none_beside_signed_amounts(tmp_path: Path) -> None:
    text = "Date,Description,Amount,Transaction Type\n2024-01-15,out,-1.00,Card payment\n2024-01-16,in,2.00,Credit\n"
    assert spent_and_rule(tmp_path, text) == (["out"], "negative")


def test_a_type_column_with_one_odd_cell_stays_one_and_the_cell_is_bad(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-{day},x,1.00,{'debit' if day % 2 else 'credit'}\n" for day in range(10, 20))
    lines = read(tmp_path, f"Date,Description,Amount,Type\n{rows}2024-01-20,x,1.00,debti\n2024-01-21,x,1.00,\n")
    assert len(spending(lines)) == 5
    assert bad(lines) == [
        "line 12, column \"Type\": 'debti' is neither debit nor credit",
        "line 13, column \"Type\": '' is neither debit nor credit",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Date,Description,Amount,Type\n2024-01-15,a,1.00,Card payment\n2024-01-16,b,1.00,Fee\n2024-01-17,c,"
            "2.00,Credit\n",
            '"Type" says "Credit" in line 4, but "Card payment" in line 2',
        ),
        (
            "Date,Description,Amount,Type\n2024-01-15,a,1.00,debit\n2024-01-16,b,-2.00,debit\n",
            '"Type" says debit in line 2 with a positive amount and in line 3 with a negative one',
        ),
        (
            "Date,Description,Amount,Way of it\n2024-01-15,a,1.00,debit\n2024-01-16,b,2.00,credit\n",
            '"Way of it" says debit and credit',
        ),
    ],
)
def test_where_types_leave_it_open_what_is_spending_it_is_asked_for(text: str, words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, text)
    assert spent_and_rule(tmp_path, text, ReadingOptions(spending="positive"))[1] == "positive"


def test_a_told_type_column_must_say_debit_or_credit(tmp_path: Path) -> None:
    text = "Date,Description,Amount,Kind of card\n2024-01-15,a,1.00,blue\n"
    assert '"blue" (line 2)' in refusal(tmp_path, text, ReadingOptions(columns={"type": "Kind of card"}))
    text = "Date,Description,Amount,Way\n2024-01-15,a,1.00,debit\n2024-01-16,b,2.00,credit\n"
    assert spent_and_rule(tmp_path, text, ReadingOptions(columns={"type": "Way"})) == (["a"], "type")


def test_debit_and_credit_columns_ignore_signs_and_zeros(tmp_path: Path) -> None:
    text = (
        "Date,Description,Withdrawal,Deposit\n2024-01-15,out,-1.00,0.00\n2024-01-16,out,-2.00,\n2024-01-17,in,-,3.00\n"
        "2024-01-18,in,0,-4.00\n2024-01-19,none,0.00,0.00\n"
    )
    assert spent_and_rule(tmp_path, text) == (["out", "out"], "debit column")
    assert skipped(read(tmp_path, text)) == ["money in", "money in", "zero"]


def test_debit_and_credit_columns_both_filled_or_both_empty_are_bad_lines(tmp_path: Path) -> None:
    lines = read(tmp_path, "Date,Description,Debit,Credit\n2024-01-15,a,1.00,2.00\n2024-01-16,b,,\n2024-01-17,c,x,\n")
    assert bad(lines) == [
        'line 2, column "Debit": \'1.00\' is filled, and "Credit" too: only one of them can be',
        'line 3, column "Debit": \'\' is empty, and so is "Credit"',
        "line 4, column \"Debit\": 'x' is not an amount",
    ]


def test_a_debit_column_alone_is_a_list_of_spending(tmp_path: Path) -> None:
    assert spent_and_rule(tmp_path, "Date,Description,Outflow\n2024-01-15,a,1.00\n") == (["a"], "debit column")


# ------------------------------------------------------------------------------------------------------- currencies


@pytest.mark.parametrize(
    ("header", "cells", "currency"),
    [
        ("Date,Description,Amount,Currency", ["-1.00,EUR", "-2.00,eur", "-3.00,"], "EUR"),
        ("Date,Description,Amount", ["-1.00 €", "-2.00"], "EUR"),
        ("Date,Description,Amount", ["£1.00", "£2.00"], "GBP"),
        ("Date,Description,Amount", ["$1.00", "$2.00"], None),
        ("Date,Description,Amount", ["kr 1.00", "2.00 kr"], None),
        ("Date,Description,Amount,Currency", ["$1.00,USD", "$2.00,USD"], "USD"),
        ("Date,Description,Amount (CHF)", ["1.00", "2.00"], "CHF"),
        ("Date,Description,Amount (EUR),Currency", ["1.00,GBP", "2.00,EUR"], "EUR"),
        ("Date,Description,Amount", ["1.00", "2.00"], None),
    ],
)
def test_the_currency_is_named_where_the_file_names_it(
    header: str, cells: list[str], currency: str | None, tmp_path: Path
) -> None:
    rows = "".join(f"2024-01-15,a,{cell}\n" for cell in cells)
    file = open_bank_file(write(tmp_path, f"{header}\n{rows}"))
    assert file.currency == currency
    assert bad(list(file.lines())) == []


@pytest.mark.parametrize(
    ("header", "cells", "counts"),
    [
        ("Date,Description,Amount,Currency", ["-1.00,EUR", "-2.00,CHF", "-3.00,EUR"], "EUR 2, CHF 1"),
        ("Date,Description,Amount", ["-1.00 €", "-2.00 £"], "EUR 1, GBP 1"),
        ("Date,Description,Amount", ["€1.00", "$2.00"], "EUR 1, $ 1"),
        ("Date,Description,Amount", ["kr 1.00", "$2.00"], "kr 1, $ 1"),
        ("Date,Description,Amount,Currency", ["$1.00,USD", "$2.00,CAD"], "$ 2"),
        ("Date,Description,Amount (EUR)", ["1.00", "2.00 USD"], "USD 1, EUR in the header"),
    ],
)
def test_several_currencies_are_refused_with_their_counts(
    header: str, cells: list[str], counts: str, tmp_path: Path
) -> None:
    rows = "".join(f"2024-01-15,a,{cell}\n" for cell in cells)
    words = refusal(tmp_path, f"{header}\n{rows}")
    assert "several currencies" in words
    assert counts in words


# ------------------------------------------------------------------------------------------------ the budget's own


OWN = "date,description,category,amount,account,fingerprint\n"


def test_an_export_of_the_budget_itself_is_all_spending_and_keeps_fingerprints(tmp_path: Path) -> None:
    mark = "0123456789abcdef" * 4
    file = open_bank_file(
        write(
            tmp_path, f"{OWN}2024-01-15,Coffee,Food,4.50,Main,{mark}\n2024-01-16,,,5.00,,ab-1.2\n2024-01-17,c,,6.00,,\n"
        )
    )
    assert file.spending == "all"
    assert list(file.lines()) == [
        SpendingLine(2, date(2024, 1, 15), Decimal("4.50"), "Coffee", "Food", "Main", mark),
        SpendingLine(3, date(2024, 1, 16), Decimal("5.00"), "", None, "", "ab-1.2"),
        SpendingLine(4, date(2024, 1, 17), Decimal("6.00"), "c", None, "", None),
    ]


@pytest.mark.parametrize("mark", ["XYZ", "a" * 65, "a b", "drop table"])
def test_a_fingerprint_that_is_none_is_a_bad_line(mark: str, tmp_path: Path) -> None:
    (line,) = read(tmp_path, f"{OWN}2024-01-15,Coffee,Food,4.50,Main,{mark}\n")
    assert isinstance(line, BadLine)
    assert line.column == "fingerprint"


def test_a_negative_amount_in_an_own_export_is_a_bad_line(tmp_path: Path) -> None:
    assert "every amount is spending" in bad(read(tmp_path, f"{OWN}2024-01-15,Coffee,Food,-4.50,Main,\n"))[0]


# ------------------------------------------------------------------------------------------------------------- texts


def test_a_description_is_one_line_of_text(tmp_path: Path) -> None:
    lines = read(
        tmp_path, 'Date,Description,Amount\n2024-01-15,"  Card\r\npayment\tin \u00a0 Rye  ",-1\n2024-01-16,,-2\n'
    )
    assert [line[2] for line in spending(lines)] == ["Card payment in Rye", ""]
    assert [line.number for line in lines] == [2, 4]


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ("2024-01-15,a\x00b,x,-1", "Description", "control character"),
        ("2024-01-15,a\x1bb,x,-1", "Description", "control character"),
        ("2024-01-15,a,x\x07,-1", "Category", "control character"),
        (f"2024-01-15,{'a' * 1001},x,-1", "Description", "longer than 1,000 characters"),
        (f"2024-01-15,a,{'x' * 101},-1", "Category", "longer than 100 characters"),
    ],
)
def test_a_text_that_cannot_be_kept_is_a_bad_line(cells: str, column: str, reason: str, tmp_path: Path) -> None:
    (line,) = read(tmp_path, f"Date,Description,Category,Amount\n{cells}\n")
    assert isinstance(line, BadLine)
    assert line.column == column
    assert reason in line.reason
    assert len(line.value) <= 60


def test_a_bad_text_is_shown_from_the_column_it_stands_in(tmp_path: Path) -> None:
    lines = read(tmp_path, "Date,Payee,Memo,Amount\n2024-01-15,,a\x07b,-1\n")
    assert bad(lines)[0].startswith("line 2, column \"Memo\": 'a\\x07b' has a control character")


def test_the_longest_texts_are_kept(tmp_path: Path) -> None:
    lines = read(tmp_path, f"Date,Description,Category,Amount\n2024-01-15,{'ä' * 1000},{'x' * 100},-1\n")
    assert [(len(line[2]), len(line[3] or "")) for line in spending(lines)] == [(1000, 100)]


def test_a_shop_that_is_called_like_a_balance_stays_a_shop(tmp_path: Path) -> None:
    lines = read(tmp_path, "Date,Description,Amount\n2024-01-15,TOTAL,-40.00\n2024-01-16,New Balance,-90.00\n")
    assert [line[2] for line in spending(lines)] == ["TOTAL", "New Balance"]


# --------------------------------------------------------------------------------------------------------- bad lines


def test_bad_lines_are_collected_with_line_column_value_and_reason(tmp_path: Path) -> None:
    text = (
        'Date,Description,Amount\n2024-01-15,"two\nlines",-1\nsoon,b,-2\n2024-01-17,c\n2024-01-18,d,-3,4\n'
        f"{'x' * 50},e,-4\n2024-01-19,12,50,\n2024-01-20,f,-5,,\n"
    )
    lines = read(tmp_path, text)
    assert [line for line in lines if isinstance(line, BadLine)] == [
        BadLine(4, "Date", "'soon'", "is not a date"),
        BadLine(5, "Amount", "''", "is missing: the line has 2 columns"),
        BadLine(6, "column 4", "'4'", "is one column too many: the header has 3"),
        BadLine(7, "Date", f"'{'x' * 39}…'", "is not a date"),
    ]
    assert [line[2] for line in spending(lines)] == ["two lines", "f"]


def test_an_amount_cut_in_two_by_its_own_comma_is_not_read_as_its_first_half(tmp_path: Path) -> None:
    lines = read(tmp_path, "Date,Description,Amount\n2024-01-15,Coffee,12,50\n2024-01-16,Tea,-1,234.50\n")
    assert spending(lines) == []
    assert len(bad(lines)) == 2


def test_a_line_with_another_delimiter_is_not_passed_over(tmp_path: Path) -> None:
    lines = read(tmp_path, "Date,Description,Amount\n2024-01-15,a,-1.00\n2024-01-16;b;-2.00\n")
    assert len(bad(lines)) == 1


# ------------------------------------------------------------------------------------------------------- wrong files


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\n", "nothing but blank lines"),
        (b"PK\x03\x04\x14\x00", "Excel or OpenDocument workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel workbook"),
        (b"%PDF-1.7\n", "PDF"),
        (gzip.compress(b"Date,Amount\n", mtime=0), "gzip"),
        (b"<html><table><tr><td>Date</td></tr></table></html>", "HTML"),
        (b"OFXHEADER:100\n", "OFX"),
        (b"!Type:Bank\nD1/1/2024\n", "QIF"),
        (b'{"date": "2024-01-15"}', "JSON"),
        (b"\x00\x01\x02\x03" * 100, "not a text file"),
        (b"a" * (1 << 20) + b"a", "more than a million characters"),
        (b"\xef\xbb\xbfDate,Amount\n\xff\xfe\xfa,1\n", "save it again"),
        (b"hello\n", "no column that is known"),
        (b"just a letter\nto a friend\n", "no column that is known"),
    ],
)
def test_a_file_that_is_no_export_is_refused_in_words(content: bytes, words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, content)


def test_what_is_no_file_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BankFileError, match="does not exist"):
        open_bank_file(tmp_path / "nowhere.csv")
    with pytest.raises(BankFileError, match="is a folder"):
        open_bank_file(tmp_path)
    path = write(tmp_path, "Date,Amount\n")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)  # root may read every file, so the system cannot be asked
    with pytest.raises(BankFileError, match="may not be read"):
        open_bank_file(path)


def test_an_encoding_that_is_wrong_or_unknown_is_refused(tmp_path: Path) -> None:
    content = "Date,Description,Amount\n2024-01-15,Café,-1\n".encode("cp1252")
    assert "not utf-8" in refusal(tmp_path, content, ReadingOptions(encoding="utf-8"))
    with pytest.raises(BankFileError, match="no encoding"):
        open_bank_file(write(tmp_path, content), ReadingOptions(encoding="klingon"))


def test_a_wrong_quote_in_the_first_line_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "line 1 has" in refusal(tmp_path, '"Date"x,Description,Amount\n2024-01-15,a,-1\n')
    assert "line 1 has" in refusal(tmp_path, '"x', ReadingOptions(columns={"date": "1", "amount": "2"}))


def test_a_message_shows_no_control_characters_of_the_file(tmp_path: Path) -> None:
    words = refusal(tmp_path, '"Wa\x1b[31m\nnn",Text,"How\u2028much"\n2024-01-15,a,-3.20\n2024-01-16,b,-3.20\n')
    assert words.replace("\n", "").isprintable()
    assert '--map "date=Wa?[31m nn,amount=How much"' in words


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('2024-01-16,"open,-1\n2024-01-17,b,-2\n', "line 3 has a quote that is not closed"),
        ('2024-01-16,"a" b,-1\n', "line 3 has text after a closing quote"),
        (f'2024-01-16,"{"a" * 140_000}",-1\n', "line 3 has a cell of more than 131,072 characters"),
        ('2024-01-16,"open,-1\n' + "2024-01-17,b,-2\n" * 20_000, "line 3 has a cell of more than 131,072 characters"),
    ],
)
def test_a_quote_that_swallows_the_rest_is_refused_with_its_line(row: str, words: str, tmp_path: Path) -> None:
    assert words in refusal(tmp_path, f"Date,Description,Amount\n2024-01-15,a,-1\n{row}")


def test_a_file_that_changes_between_the_passes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "Date,Description,Amount\n2024-01-15,a,-1\n")
    file = open_bank_file(path)
    path.write_text("Date,Description,Amount\n2024-01-15,a,-1\n2024-01-16,b,-1\n")
    with pytest.raises(BankFileError, match="has changed"):
        list(file.lines())


def test_no_mutilated_export_ends_in_anything_but_lines_or_a_refusal(tmp_path: Path) -> None:
    chance = random.Random(20240115)
    pieces = [
        '"',
        ",",
        ";",
        "\t",
        "\n",
        "\r",
        "\x00",
        "-",
        "1.234",
        "31.12.2024",
        "\ufeff",
        "€",
        "NaN",
        "Date",
        "=",
        " " * 9,
    ]
    for _ in range(400):
        export = chance.choice(EXPORTS)
        text = list(export.text)
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(text))
            text[place : place + chance.choice([0, 0, 1, 5, 40])] = chance.choice(pieces)
        path = write(tmp_path, "".join(text).encode(chance.choice(["utf-8", "utf-16", "cp1252"]), "replace"))
        try:
            lines = list(open_bank_file(path, export.options).lines())
        except BankFileError:
            continue
        for line in lines:
            if isinstance(line, SpendingLine):
                assert Decimal(0) < line.amount <= Decimal("9999999999.99")
                assert line.amount.as_tuple().exponent == -2
                assert line.description.isprintable() or "\xa0" in line.description
                assert 1900 <= line.spent_on.year <= 2200


# ------------------------------------------------------------------------------------------------------- large files


def generated(count: int) -> Iterator[str]:
    yield "Date;Description;Amount;Category\n"
    start = date(2020, 1, 1)
    for number in range(count):
        day = start + timedelta(days=number % 1500)
        amount = f"-{number % 90_000},{number % 100:02}"
        yield f'{day:%d.%m.%Y};"Shop {number}; branch {number % 97}";{amount};C{number % 20}\n'


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file_and_progress_counts_bytes(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(generated(50_000))
    heard: list[int] = []
    tracemalloc.start()
    try:
        bank_file = open_bank_file(path)
        count = sum(1 for _ in bank_file.lines(heard.append))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 50_000
    assert peak < 16_000_000  # what the caches of dates, amounts and names take when they are full
    assert heard == sorted(heard)
    assert len(heard) > 10
    assert heard[-1] == bank_file.size == path.stat().st_size


def test_a_file_can_be_read_more_than_once(tmp_path: Path) -> None:
    file: BankFile = open_bank_file(write(tmp_path, "Date,Description,Amount\n2024-01-15,a,-1\n"))
    assert list(file.lines()) == list(file.lines())
