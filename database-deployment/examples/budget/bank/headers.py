"""The words of banks and apps: column names, debit and credit, months, currencies, in the languages they come in.

Only data, and how two words are compared. To teach the reader a new bank, add its column name to the row of
its language: the groups of a role stand in order of preference, and within one group the column that stands
first in the file wins.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

Role = Literal[
    "date", "description", "amount", "debit", "credit", "type",
    "category", "account", "currency", "status", "fingerprint",
]  # fmt: skip
Direction = Literal["debit", "credit"]

# Letters that no accent explains: NFKD leaves them as they are.
_LETTERS: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """The text for comparing: lower case, no accents, one space where punctuation was ("dateOp" is "date op")."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    text = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^\w]|_", " ", text).split())


def shown(text: str, length: int = 40) -> str:
    """A text of the file for a message: on one line, without control characters, and short."""
    line = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _words(*rows: str) -> frozenset[str]:
    return frozenset(word.strip() for row in rows for word in row.split(","))


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Column names, already plain. A currency in the name ("Amount (EUR)", "Betrag in €") is taken off before the look-up.
_GROUPS: Final[Mapping[Role, tuple[frozenset[str], ...]]] = {
    "date": (
        _words(  # the day of the purchase
            "transaction date, trans date, date of transaction, date transaction, purchase date, started date",
            "belegdatum, transaktionsdatum, umsatzdatum, kaufdatum",
            "date operation, date de l operation, date d operation, date de transaction, date op, date achat",
            "fecha operacion, fecha de operacion, f operacion, fecha de la operacion, fecha transaccion",
            "fecha de transaccion, fecha movimiento, fecha de compra",
            "data operazione, data dell operazione, data transazione, data movimento, data acquisto",
            "transactiedatum, datum verrichting, datum transactie, uitvoeringsdatum",
            "data transacao, data da transacao, data movimento, data do movimento, data mov, data da compra",
            "data da operacao, transaktionsdag, kopdatum, transaktionsdato, transaksjonsdato, kobsdato",
            "utfort dato, kjopsdato, data operacji, data transakcji, data zakupu, tapahtumapaiva, maksupaiva",
            "datum provedeni, datum transakce, tranzakcio datuma, data tranzactiei, islem tarihi, datum transakcije",
            "дата операции",
        ),
        _words(  # the day of the booking, or simply the date
            "date, booking date, date booked, bookingdate, date time, datetime, day, spent on, entry date",
            "journal date",
            "when, date processed, processed date",
            "buchungstag, buchungsdatum, buchung, datum, datum uhrzeit, tag, bu tag, buchungsdatum uhrzeit",
            "date comptable, date de comptabilisation, date d ecriture, date ecriture, date de l ecriture",
            "fecha, fecha contable, fecha y hora, dia, data, data contabile, data registrazione, data ora",
            "datum, boekdatum, boekingsdatum, datum boeking, datum tijd",
            "data lancamento, data do lancamento, data contabilistica, bokforingsdag, bokforingsdatum, bokford",
            "bokningsdag, dato, bogforingsdato, bogfort, bokforingsdato, bokfort dato, bokfort, dag",
            "data ksiegowania, data zaksiegowania, kirjauspaiva, pvm, paivays, paivamaara, kirjauspvm",
            "datum zauctovani, datum, konyveles datuma, konyvelesi datum, tarih, kpv, datums, data si ora",
            "дата, дата платежа",
        ),
        _words("created, created on, created at, date created, timestamp, zeitstempel, horodateur, marca temporal"),
        _words(  # the day it was posted, valued or closed: better than none
            "posting date, posted date, post date, date posted, posted on, posted, completed date, finished on",
            "transaction completed date, clearing date, settlement date, effective date, value date, date value",
            "valutadatum, valuta, wertstellung, wertstellungsdatum, wertstellung valuta, wert",
            "date de valeur, date valeur, date val, valeur, fecha valor, f valor, fecha de valor, data valuta",
            "data valor, valuta datum, rentedatum, valutadag, valuteringsdag, rentedato, valoerdato, valordato",
            "data waluty, arvopaiva, erteknap, data valutei",
        ),
    ),
    "description": (
        _words(  # who was paid
            "payee, payee name, merchant, merchant name, counterparty, counter party, counterparty name, partner",
            "partner name, vendor, recipient, beneficiary, beneficiary payer, store, shop, paid to",
            "counteraccount name",
            "beguenstigter zahlungspflichtiger, begunstigter zahlungspflichtiger, auftraggeber empfanger",
            "auftraggeber begunstigter, begunstigter auftraggeber, beguenstigter auftraggeber, zahlungsempfanger",
            "zahlungsempfanger in, empfanger, empfanger zahlungspflichtiger, name zahlungsbeteiligter",
            "empfanger auftraggeber name, handler, handlername, gegenpartei, auftraggeber zahlungsempfanger",
            "auftraggeber beguenstigter, beguenstigter, begunstigter, name des partners, zahlungsbeteiligter",
            "beneficiaire, commercant, marchand, tiers, emetteur beneficiaire, nom du tiers, contrepartie",
            "beneficiario, comercio, establecimiento, tienda, ordinante beneficiario, esercente, controparte",
            "negozio, begunstigde, naam tegenpartij, naam van de tegenpartij, tegenrekeninghouder, handelaar",
            "tegenpartij naam, winkel, naam omschrijving, favorecido, estabelecimento, loja, mottagare, mottaker",
            "mottagarens namn, mottakernavn, modtager, forretning, kontrahent, nadawca odbiorca, nazwa odbiorcy",
            "odbiorca, saajan nimi, saaja, saaja maksaja, nazev protiuctu, partner neve, beneficiar, получатель",
            "libelle complet, descrizione completa, detail de l ecriture",  # more than the short text beside it
        ),
        _words("name, nom, nombre, nome, naam, namn, navn, nazwa, nimi, nazev, item, expense, title, titel"),
        _words(  # what the bank says it was
            "description, transaction description, narrative, narration, transaction remarks",
            "transaction, text, reason, what, purchase, desc, description 1, booking text, booking details",
            "beschreibung, transaktionsbeschreibung, bezeichnung, umsatzbeschreibung, artikel, ausgabe fur",
            "libelle, libelle de l operation, libelle operation, label, libelle simplifie, intitule, designation",
            "concepto, descripcion, descripcion del movimiento, movimiento, описание, назначение платежа",
            "descrizione, descrizione operazione, causale descrizione operazione",
            "omschrijving, omschrijving 1, beschrijving, referens, descricao",
            "descricao do movimento, descricao movimento",
            "historico, lancamento, descritivo, beskrivning, rubrik, transaktion, handelse, beskrivelse, tekst",
            "forklaring, forklarende tekst, opis operacji, opis transakcji, opis, szczegoly transakcji",
            "kuvaus, selite, selitys, otsikko, popis, megnevezes, leiras, aciklama",
        ),
        _words("details, detail, transaction details, dettagli, detalle, detalii, detalles"),
        _words(  # what was written with the payment
            "memo, notes, note, reference, payment reference, purpose, message, comment, comments, remark, remarks",
            "particulars, payment details, original description, additional description",
            "extended details, statement descriptor",
            "verwendungszweck, vorgang verwendungszweck, vwz, vwz1, vwz 0, zahlungsreferenz, notiz, kommentar",
            "reference de paiement, communication, communications, memo, commentaire, informations complementaires",
            "observaciones, comentario, notas, referencia, causale, note, mededelingen, mededeling, vrije mededeling",
            "observacoes, meddelande, meddelelse, besked, melding, melding kid fakt nr, tytul",
            "tytul operacji, opis dodatkowy, viesti, zprava pro prijemce, zprava, poznamka, kozlemeny",
            "mededelingen omschrijving",
        ),
        _words(  # what kind of booking it was
            "buchungstext, posting text, causale",
        ),
        _words(
            "vorgang, umsatzart, buchungsart, nature de l operation, tipo operazione, tipo movimento, mutatiesoort",
            "transaktionstyp, transaction type, type, tapahtumalaji, operation type",
        ),
    ),
    "amount": (
        _words(
            "amount, transaction amount, amount transaction, billing amount, payment amount, amt",
            "spent amount, ammount, betrag, umsatz, umsatzbetrag, buchungsbetrag, betrag ausgabe",
            "montant, montant operation, montant de l operation, somme, importe, monto, importe operacion, cantidad",
            "importo, ammontare, somma, bedrag, transactiebedrag, montante, valor do movimento, quantia",
            "belopp, transaktionsbelopp, belob, belop, kwota, kwota operacji, kwota transakcji",
            "kwota w walucie rachunku, maara, castka, zauctovana castka, tranzakcio osszege, osszeg, suma, tutar",
            "iznos, cash flow, сумма операции, сумма платежа, сумма",
        ),
        _words(
            "value, transaction value, sum, price, cost, net amount, local amount, summe, preis, kosten, wert, prix",
            "valor, prezzo, prijs, preco, summa, objem",
        ),
        _words(
            "gross, brutto, total, amount total, total amount, turnover, montant ttc, bruto, totale, totaal, totalt"
        ),
        _words("net, netto, neto, net total"),
        _words("soll haben, debit credit, credit debit, in out, debet credit"),  # some banks keep signed amounts there
    ),
    "debit": (
        _words(
            "debit, debits, debit amount, expense amount, amount debit, withdrawal, withdrawals, withdrawal amt",
            "withdrawal amount",
            "withdrawals dr, money out, paid out, outflow, outflows, out, spent, debit amt, dr, amount out, spending",
            "charge, charges, expense, expenses, payments out, outgoing, outgoings, amount debited, purchases",
            "soll, belastung, belastungen, ausgabe, ausgaben, ausgang, lastschrift, sollbetrag, betrag soll",
            "debit, debits, montant debit, depense, depenses, sortie, sorties, cargo, cargos, debe, gasto, gastos",
            "debito, debitos, egreso, egresos, retiro, retiros, adeudo, addebito, addebiti, uscita, uscite, dare",
            "debet, uit, uitgaven, uitgave, af, bedrag af, saida, saidas, despesa, despesas, valor debito, uttag",
            "ut, utgift, utgifter, belopp ut, debet, udgift, udgifter, haevet, haevninger, ut fra konto, ut av konto",
            "belop ut, uttak, obciazenie, obciazenia, wydatek, wydatki, kwota obciazenia, menot, pano ulos, vydaje",
            "terheles, iesire, gider, borc",
        ),
    ),
    "credit": (
        _words(
            "credit, credits, credit amount, income amount, amount credit, deposit, deposits, deposit amt, in",
            "deposit amount",
            "deposits cr, money in, paid in, inflow, inflows, received, credit amt, cr, amount in, income, incoming",
            "payments in, amount credited, haben, gutschrift, gutschriften, einnahme, einnahmen, eingang",
            "habenbetrag, betrag haben, credit, credits, montant credit, recette, recettes, entree, entrees",
            "abono, abonos, haber, ingreso, ingresos, credito, creditos, deposito, depositos, accredito",
            "accrediti, entrata, entrate, avere, bij, inkomsten, bedrag bij, entrada, entradas, receita, receitas",
            "valor credito, insattning, insattningar, in, inkomst, belopp in, kredit, indtaegt, indtaegter",
            "indsat, inn pa konto, inn, innskudd, inntekt, belop inn, uznanie, uznania, wplyw, wplywy",
            "kwota uznania, tulot, pano sisaan, prijmy, jovairas, intrare, gelir, alacak",
        ),
    ),
    "type": (
        _words(
            "debit credit, credit debit, creditdebet, dr cr, cr dr, d c, c d, d k, k d",
            "debit or credit, credit or debit, debit credit flag, type of transaction, direction, sign",
            "transaction type, type, debit credit indicator, credit debit indicator, cd flag, in out, balance impact",
            "income expense, expense income, transaction direction, kind, cdi, flow",
            "soll haben, s h, h s, soll haben kennzeichen, soll haben kz, umsatztyp, vorzeichen, debit kredit, art",
            "auswirkung auf guthaben, einnahme ausgabe, ausgabe einnahme, typ, buchungstyp, debitkredit",
            "sens, sens de l operation, debit credit, type d operation, type de transaction, tipo, signo",
            "tipo de movimiento, tipo movimiento, cargo abono, segno, dare avere, tipo movimento, entrata uscita",
            "af bij, bij af, credit debet, debet credit, debit credit, tipo de movimento, tipo de lancamento",
            "debito credito, d c, entrada saida, debet kredit, transaktionstyp, ind ud, inn ut, typ operacji",
            "rodzaj, strona, obciazenie uznanie, bevetel kiadas, smer, tapahtumalaji",
        ),
        _words(""),  # some German banks leave the name of this column blank
    ),
    "category": (
        _words(
            "category, spending category, expense category, budget category, kategorie, hauptkategorie, categorie",
            "categoria, kategori, kategoria, category name, category group category, luokka, kategorija, kategoria",
            "merchant category, kategorie transakce, rubro, rubrik kategori, категория",
        ),
        _words("category group, category parent, subcategory, unterkategorie, sous categorie, subcategoria, class"),
    ),
    "account": (
        _words(
            "account, account name, auftragskonto, iban auftragskonto, kontoname, konto, kontobezeichnung, cuenta",
            "iban kontoinhaber, iban auftraggeberkonto, account label, account num, compte, nom du compte, conto",
            "rekening, rekeningnummer, iban bban, rachunek, konto nazwa, conta, kontonavn, kontonummer, account number",
            "client account, card no, card number, kartennummer, number of account, nazev uctu, numer rachunku, card",
            "from account, own account, wallet, account id, bezeichnung auftragskonto, tili",
        ),
    ),
    "currency": (
        _words(
            "currency, currency code, curr, cur, transaction currency, account currency, ccy, currency symbol",
            "wahrung, waehrung, buchungswahrung, kontowahrung, devise, monnaie, monn, divisa, moneda, valuta, munt",
            "muntsoort, valutacode, moeda, valuutta, waluta, waluta rachunku, mena, mena uctu, devizanem, moneta",
            "valuta rekening, para birimi, waluta operacji, валюта операции, валюта",
        ),
    ),
    "status": (
        _words(
            "status, state, transaction status, payment status, booking status, buchungsstatus, info, statut, etat",
            "estado, situacao, stato, tila, stan, stav, umsatzstatus, situacion, статус",
        ),
    ),
    "fingerprint": (_words("fingerprint"),),
}

# For each role: plain column name -> place in the order of preference, 0 is the best.
RANKS: Final[Mapping[Role, Mapping[str, int]]] = {
    role: {name: rank for rank, names in reversed(list(enumerate(groups))) for name in names}
    for role, groups in _GROUPS.items()
}
# Names with two meanings: the column counts only when its cells are what the role says.
AMBIGUOUS: Final[frozenset[tuple[Role, str]]] = frozenset(
    {
        ("date", "valuta"), ("date", "valeur"), ("date", "wert"), ("date", "posted"), ("date", "when"),
        ("date", "day"), ("date", "tag"), ("date", "dag"), ("date", "dia"), ("date", "data"),
        ("amount", "soll haben"), ("amount", "debit credit"), ("amount", "credit debit"), ("amount", "in out"),
        ("amount", "debet credit"), ("amount", "wert"), ("amount", "value"), ("amount", "valor"), ("amount", "sum"),
        ("debit", "af"), ("debit", "ut"), ("debit", "out"), ("debit", "expense"), ("debit", "charge"),
        ("credit", "in"), ("credit", "bij"), ("credit", "inn"), ("credit", "income"),
        ("account", "account number"), ("account", "kontonummer"), ("account", "numer rachunku"), ("account", "konto"),
    }
)  # fmt: skip

# The second try, for a name that no group has: a word of the role in it, and none that says it is something else.
DATE_WORDS: Final = _words("date, datum, fecha, data, dato, dag, dzien, paiva, pvm, datetime, day")
AMOUNT_WORDS: Final = _words(
    "amount, betrag, umsatz, montant, importe, monto, importo, bedrag, valor, belopp, belob, belop, kwota",
    "summa, maara",
)
OTHER_WORDS: Final = _words(
    "balance, saldo, solde, kontostand, stand, fee, fees, gebuhr, gebuhren, commission, foreign, original, fremd",
    "fremdwahrung, tax, vat, mwst, tva, iva, rate, exchange, kurs, cashback, budget, limit, available, remaining",
    "birth, due, expiry, statement, export, erstellt, closing, opening, min, max, original, oorspr, urspr, data type",
)

_DEBIT: Final = _words(
    "debit, debits, dr, d, db, dbit, out, outflow, outgoing, expense, expenses, withdrawal, withdraw, spent, spending",
    "money out, paid out, payment out, debited, soll, s, belastung, ausgabe, ausgang, lastschrift, abgang",
    "depense, sortie, cargo, gasto, egreso, debe, debito, adeudo, retiro, addebito, uscita, dare, af, uit, uitgave",
    "debet, saida, despesa, uttag, utgift, ut, udgift, haevning, ud, obciazenie, wydatek, kiadas, vydaj, terheles",
)
_CREDIT: Final = _words(
    "credit, credits, cr, c, cb, crdt, in, inflow, incoming, income, deposit, received, money in, paid in, payment in",
    "credited, haben, h, gutschrift, einnahme, eingang, zugang, recette, entree, abono, ingreso, haber, credito",
    "deposito, accredito, entrata, avere, a, bij, inkomst, inkomsten, entrada, receita, insattning, kredit, k",
    "indtaegt, ind, inntekt, inn, uznanie, wplyw, bevetel, prijem, jovairas, tulo",
)
_DIRECTIONS: Final[Mapping[str, Direction]] = {
    **dict.fromkeys(_DEBIT, "debit"),
    **dict.fromkeys(_CREDIT, "credit"),
}


@lru_cache(maxsize=1024)
def direction_of(text: str) -> Direction | None:
    """What the cell of a type column says: "Debit", "D", "Soll", "Af" or "-" is debit."""
    if text in ("-", "−", "+"):
        return "credit" if text == "+" else "debit"
    return _DIRECTIONS.get(plain(text))


# A status (or a date cell) with one of these words: the money has not moved, or not yet.
NOT_BOOKED: Final = _words(
    "pending, reserved, reservation, declined, reverted, failed, cancelled, canceled, rejected, refused",
    "denied, expired, voided, scheduled",
    "vorgemerkt, vorgemerkte, abgelehnt, storniert, ausstehend, reserviert, geplant, attente, rejete, refuse, annule",
    "annulee, refusee, pendiente, rechazado, rechazada, cancelado, cancelada, denegado, denegada, attesa, rifiutato",
    "rifiutata, annullato, annullata, sospeso, behandeling, geweigerd, geannuleerd, geannuleerde, gereserveerd",
    "pendente, recusado, recusada, reserverad, vantande, reserveret, venter, afvist, annulleret, reservert, avvist",
    "oczekujaca, oczekujace, oczekuje, odrzucona, anulowana, blokada, nierozliczona, varaus, odottaa",
    "hylatty, zamitnuta",
)

# A kind of line that is no spending, in a column that does not say debit and credit.
COMING_IN: Final = re.compile(
    r"return|refund|reversal|payment|cash ?back|gutschrift|erstattung|remboursement", re.IGNORECASE
)

# What a card's statement calls the payment of its bill. There purchases are positive and payments negative.
CARD_PAYMENT: Final = re.compile(
    r"payment.{0,20}thank ?you|thank ?you for.{0,12}payment|payment received|autopay payment|zahlung erhalten"
    r"|paiement re[cç]u|pagamento recebido|pago recibido|pagamento ricevuto|betaling ontvangen|inbetalning mottagen",
    re.IGNORECASE,
)

# What a bank writes on a line that is a balance and no booking: the whole text, or what stands before a date.
BALANCES: Final = _words(
    "opening balance, closing balance, beginning balance, starting balance, ending balance, previous balance",
    "balance brought forward, balance carried forward, balance forward, ledger balance",
    "anfangssaldo, endsaldo, alter kontostand, neuer kontostand, alter saldo, neuer saldo, saldovortrag, schlusssaldo",
    "solde initial, solde final, ancien solde, nouveau solde, solde precedent, solde anterieur",
    "saldo inicial, saldo final, saldo anterior, saldo iniziale, saldo finale, saldo precedente, saldo do dia",
    "beginsaldo, eindsaldo, vorig saldo, nieuw saldo, ingaende saldo, utgaende saldo, primosaldo, ultimosaldo",
    "inngaende saldo, saldo poczatkowe, saldo koncowe, pradinis likutis, galutinis likutis, algsaldo, loppsaldo",
    "sakuma atlikums, beigu atlikums, turnover, apyvarta, apgrozijums, kaive",
)
# The same where the line has no date or no amount. With both, "Total" is a petrol station and "New Balance" a shop.
TOTALS: Final = BALANCES | _words(
    "balance, current balance, available balance, account balance, new balance, total balance",
    "kontostand, saldo, solde, saldo actual, saldo contabilistico, saldo disponible, saldo contabile",
    "total, totals, grand total, subtotal, summe, gesamt, gesamtsumme, total general, totale, totaal, suma, summa",
    "total debits, total credits, totals debits, totals credits, summe soll, summe haben, totale generale",
)

_MONTHS: Final = (
    "jan january januar jaenner janner janvier janv enero ene gennaio gen januari janeiro tammikuu ledna ianuarie",
    "feb february februar fevrier fevr fev febrero febbraio februari fevereiro helmikuu unora februarie luty lutego",
    "mar march marz mrz maerz mars marzo maart mrt marco marts marzec marca mar maaliskuu brezna martie",
    "apr april avril avr abril abr aprile kwiecien kwietnia kwi huhtikuu dubna aprilie",
    "may mai mayo maggio mag mei maio maj maja toukokuu kvetna",
    "jun june juni juin junio giugno giu junho czerwiec czerwca cze kesakuu cervna iunie",
    "jul july juli juillet juil julio luglio lug julho lipiec lipca lip heinakuu cervence iulie",
    "aug august aout aou agosto ago augustus augusti sierpien sierpnia sie elokuu srpna",
    "sep sept september septembre septiembre settembre set setembro wrzesien wrzesnia wrz syyskuu zari septembrie",
    "oct october oktober okt octobre octubre ottobre ott outubro out pazdziernik pazdziernika paz lokakuu rijna"
    " octombrie",
    "nov november novembre noviembre novembro listopad listopada lis marraskuu noiembrie",
    "dec december dez dezember decembre diciembre dic dicembre dezembro desember des grudzien grudnia gru joulukuu"
    " prosince decembrie",
)
MONTHS: Final[Mapping[str, int]] = {
    name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()
}

WEEKDAYS: Final = _codes(
    """
    mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday
    mo montag di dienstag mi mittwoch do donnerstag fr freitag sa samstag so sonntag
    lun lundi mar mardi mer mercredi jeu jeudi ven vendredi sam samedi dim dimanche
    lunes martes mie miercoles jue jueves vie viernes sab sabado dom domingo
    """
)

# ISO 4217, what is in use today and what old exports still hold.
CURRENCIES: Final = _codes(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK
    HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL
    MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON
    RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH
    UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL
    """
)
# A sign that only one currency has stands for its code; the last four are shared, and stay what they are.
SYMBOLS: Final[Mapping[str, str]] = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "euroa": "EUR", "£": "GBP", "₹": "INR", "rs": "INR", "₽": "RUB",
    "руб": "RUB",
    "zł": "PLN", "zl": "PLN", "kč": "CZK", "ft": "HUF", "₺": "TRY", "tl": "TRY", "₪": "ILS", "₴": "UAH", "₩": "KRW",
    "฿": "THB", "₫": "VND", "₱": "PHP", "₦": "NGN", "fr": "CHF", "sfr": "CHF", "лв": "BGN", "lei": "RON",
    "r$": "BRL", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "us$": "USD", "nz$": "NZD", "hk$": "HKD",
    "s$": "SGD", "mx$": "MXN",
    "$": "$", "¥": "¥", "kr": "kr", "¢": "¢",
}  # fmt: skip
SHARED_SYMBOLS: Final[Mapping[str, frozenset[str]]] = {
    "$": _codes("USD CAD AUD NZD HKD SGD MXN ARS CLP COP UYU TWD BRL JMD TTD BBD BSD FJD"),
    "¥": _codes("JPY CNY"),
    "kr": _codes("SEK NOK DKK ISK"),
}


def currency_of(text: str) -> str | None:
    """The ISO code that a text stands for ("eur", "€"), a sign that several share ("$"), or None."""
    code = text.strip().upper()
    if code in CURRENCIES:
        return code
    return SYMBOLS.get(text.strip().casefold().rstrip("."))


_CURRENCY_IN_HEADER: Final = re.compile(
    r"[A-Z]{0,2}\$|\b[A-Z]{3}\b\$?|[€£¥₹]|\b[Ee]uros?\b|\bEUROA?\b"
    r"|(?<=[ _(])(?:eur|usd|gbp|chf|sek|nok|dkk|pln|czk)\b"
)


def _header_currency(word: str) -> str | None:
    return currency_of(word) or currency_of(word.rstrip("$"))


def currency_in_header(name: str) -> str | None:
    """The currency that a column name gives: "Amount (GBP)", "Betrag (€)", "Débito (R$)", "CAD$"."""
    return next(filter(None, map(_header_currency, _CURRENCY_IN_HEADER.findall(name))), None)


def header_name(name: str) -> str:
    """A column name for the look-up: plain, and without its currency; "" if it is nothing else."""
    without = _CURRENCY_IN_HEADER.sub(lambda match: " " if _header_currency(match[0]) else match[0], name)
    words = plain(without).split()
    if len(words) > 1 and words[-1] in ("in", "en", "w", "i") and without != name:  # "Umsatz in EUR"
        words.pop()
    return " ".join(words)
