CREATE TABLE customers (
    id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, email VARCHAR(80) NOT NULL UNIQUE,
    active BOOLEAN NOT NULL, created_at DATETIME NOT NULL
);
CREATE TABLE invoices (
    id INTEGER NOT NULL PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
    amount NUMERIC(12, 2) NOT NULL, note TEXT, paid_at DATETIME
);
INSERT INTO customers VALUES (3, 'Ann', 'ann@example.com', 1, '2025-11-02 23:30:00.250000');
INSERT INTO customers VALUES (7, 'Jörg Müller', 'joerg@example.com', 0, '2026-01-31 00:00:00.000000');
INSERT INTO customers VALUES (20, '李雷', 'li@example.com', 1, '2026-03-08 02:30:00.000000');
INSERT INTO invoices VALUES (11, 3, 19.99, NULL, NULL);
INSERT INTO invoices VALUES (12, 3, 0.1, 'first
second line', '2026-03-08 02:30:00.000000');
INSERT INTO invoices VALUES (40, 20, 1234567890.12, '100% "paid"', '2026-07-01 12:00:00.000000');
INSERT INTO invoices VALUES (41, 20, 5, '', NULL);
