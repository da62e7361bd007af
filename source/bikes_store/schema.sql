-- The transaction database of Bikes Store: the tables that are extracted, and the currency list.
-- It follows AdventureWorks for PostgreSQL. Foreign keys to tables that are not extracted
-- (addresses, cards, product models, ...) are left out; their columns stay.
--   psql -v ON_ERROR_STOP=1 -f schema.sql

CREATE SCHEMA person;
CREATE SCHEMA humanresources;
CREATE SCHEMA production;
CREATE SCHEMA purchasing;
CREATE SCHEMA sales;

-- The domains are in public, so tools that extract see their names and not their types.
CREATE DOMAIN public."AccountNumber" AS character varying(15);
CREATE DOMAIN public."Flag" AS boolean NOT NULL;
CREATE DOMAIN public."Name" AS character varying(50);
CREATE DOMAIN public."NameStyle" AS boolean NOT NULL;
CREATE DOMAIN public."OrderNumber" AS character varying(25);

CREATE TABLE person.person (
    businessentityid integer NOT NULL,
    persontype character(2) NOT NULL,
    namestyle public."NameStyle" DEFAULT false,
    title character varying(8),
    firstname public."Name" NOT NULL,
    middlename public."Name",
    lastname public."Name" NOT NULL,
    suffix character varying(10),
    emailpromotion integer NOT NULL DEFAULT 0,
    additionalcontactinfo xml,
    demographics xml,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_Person_BusinessEntityID" PRIMARY KEY (businessentityid),
    CONSTRAINT "CK_Person_EmailPromotion" CHECK (emailpromotion BETWEEN 0 AND 2),
    CONSTRAINT "CK_Person_PersonType" CHECK (upper(persontype) IN ('SC', 'VC', 'IN', 'EM', 'SP', 'GC'))
);

CREATE TABLE humanresources.employee (
    businessentityid integer NOT NULL,
    nationalidnumber character varying(15) NOT NULL,
    loginid character varying(256) NOT NULL,
    jobtitle character varying(50) NOT NULL,
    birthdate date NOT NULL,
    maritalstatus character(1) NOT NULL,
    gender character(1) NOT NULL,
    hiredate date NOT NULL,
    salariedflag public."Flag" DEFAULT true,
    vacationhours smallint NOT NULL DEFAULT 0,
    sickleavehours smallint NOT NULL DEFAULT 0,
    currentflag public."Flag" DEFAULT true,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    organizationnode character varying DEFAULT '/',
    CONSTRAINT "PK_Employee_BusinessEntityID" PRIMARY KEY (businessentityid),
    CONSTRAINT "FK_Employee_Person_BusinessEntityID" FOREIGN KEY (businessentityid) REFERENCES person.person,
    CONSTRAINT "CK_Employee_BirthDate" CHECK (birthdate BETWEEN '1930-01-01' AND now() - interval '18 years'),
    CONSTRAINT "CK_Employee_Gender" CHECK (upper(gender) IN ('M', 'F')),
    CONSTRAINT "CK_Employee_HireDate" CHECK (hiredate BETWEEN '1996-07-01' AND now() + interval '1 day'),
    CONSTRAINT "CK_Employee_MaritalStatus" CHECK (upper(maritalstatus) IN ('M', 'S')),
    CONSTRAINT "CK_Employee_SickLeaveHours" CHECK (sickleavehours BETWEEN 0 AND 120),
    CONSTRAINT "CK_Employee_VacationHours" CHECK (vacationhours BETWEEN -40 AND 240)
);

CREATE TABLE production.product (
    productid integer NOT NULL,
    name public."Name" NOT NULL,
    productnumber character varying(25) NOT NULL,
    makeflag public."Flag" DEFAULT true,
    finishedgoodsflag public."Flag" DEFAULT true,
    color character varying(15),
    safetystocklevel smallint NOT NULL,
    reorderpoint smallint NOT NULL,
    standardcost numeric NOT NULL,
    listprice numeric NOT NULL,
    size character varying(5),
    sizeunitmeasurecode character(3),
    weightunitmeasurecode character(3),
    weight numeric(8, 2),
    daystomanufacture integer NOT NULL,
    productline character(2),
    class character(2),
    style character(2),
    productsubcategoryid integer,
    productmodelid integer,
    sellstartdate timestamp NOT NULL,
    sellenddate timestamp,
    discontinueddate timestamp,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_Product_ProductID" PRIMARY KEY (productid),
    CONSTRAINT "CK_Product_Class" CHECK (upper(class) IN ('L', 'M', 'H')),
    CONSTRAINT "CK_Product_DaysToManufacture" CHECK (daystomanufacture >= 0),
    CONSTRAINT "CK_Product_ListPrice" CHECK (listprice >= 0),
    CONSTRAINT "CK_Product_ProductLine" CHECK (upper(productline) IN ('S', 'T', 'M', 'R')),
    CONSTRAINT "CK_Product_ReorderPoint" CHECK (reorderpoint > 0),
    CONSTRAINT "CK_Product_SafetyStockLevel" CHECK (safetystocklevel > 0),
    CONSTRAINT "CK_Product_SellEndDate" CHECK (sellenddate >= sellstartdate),
    CONSTRAINT "CK_Product_StandardCost" CHECK (standardcost >= 0),
    CONSTRAINT "CK_Product_Style" CHECK (upper(style) IN ('W', 'M', 'U')),
    CONSTRAINT "CK_Product_Weight" CHECK (weight > 0)
);

CREATE TABLE purchasing.shipmethod (
    shipmethodid integer NOT NULL,
    name public."Name" NOT NULL,
    shipbase numeric NOT NULL DEFAULT 0,
    shiprate numeric NOT NULL DEFAULT 0,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_ShipMethod_ShipMethodID" PRIMARY KEY (shipmethodid),
    CONSTRAINT "CK_ShipMethod_ShipBase" CHECK (shipbase > 0),
    CONSTRAINT "CK_ShipMethod_ShipRate" CHECK (shiprate > 0)
);

-- This table is not extracted (the warehouse gets its currencies from the API), but currencyrate refers to it.
CREATE TABLE sales.currency (
    currencycode character(3) NOT NULL,
    name public."Name" NOT NULL,
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_Currency_CurrencyCode" PRIMARY KEY (currencycode)
);

CREATE TABLE sales.currencyrate (
    currencyrateid integer NOT NULL,
    currencyratedate timestamp NOT NULL,
    fromcurrencycode character(3) NOT NULL,
    tocurrencycode character(3) NOT NULL,
    averagerate numeric NOT NULL,
    endofdayrate numeric NOT NULL,
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_CurrencyRate_CurrencyRateID" PRIMARY KEY (currencyrateid),
    CONSTRAINT "FK_CurrencyRate_Currency_FromCurrencyCode" FOREIGN KEY (fromcurrencycode) REFERENCES sales.currency,
    CONSTRAINT "FK_CurrencyRate_Currency_ToCurrencyCode" FOREIGN KEY (tocurrencycode) REFERENCES sales.currency
);

CREATE TABLE sales.salesreason (
    salesreasonid integer NOT NULL,
    name public."Name" NOT NULL,
    reasontype public."Name" NOT NULL,
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_SalesReason_SalesReasonID" PRIMARY KEY (salesreasonid)
);

CREATE TABLE sales.salesterritory (
    territoryid integer NOT NULL,
    name public."Name" NOT NULL,
    countryregioncode character varying(3) NOT NULL,
    "group" character varying(50) NOT NULL,
    salesytd numeric NOT NULL DEFAULT 0,
    saleslastyear numeric NOT NULL DEFAULT 0,
    costytd numeric NOT NULL DEFAULT 0,
    costlastyear numeric NOT NULL DEFAULT 0,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_SalesTerritory_TerritoryID" PRIMARY KEY (territoryid),
    CONSTRAINT "CK_SalesTerritory_CostLastYear" CHECK (costlastyear >= 0),
    CONSTRAINT "CK_SalesTerritory_CostYTD" CHECK (costytd >= 0),
    CONSTRAINT "CK_SalesTerritory_SalesLastYear" CHECK (saleslastyear >= 0),
    CONSTRAINT "CK_SalesTerritory_SalesYTD" CHECK (salesytd >= 0)
);

CREATE TABLE sales.specialoffer (
    specialofferid integer NOT NULL,
    description character varying(255) NOT NULL,
    discountpct numeric NOT NULL DEFAULT 0,
    type character varying(50) NOT NULL,
    category character varying(50) NOT NULL,
    startdate timestamp NOT NULL,
    enddate timestamp NOT NULL,
    minqty integer NOT NULL DEFAULT 0,
    maxqty integer,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_SpecialOffer_SpecialOfferID" PRIMARY KEY (specialofferid),
    CONSTRAINT "CK_SpecialOffer_DiscountPct" CHECK (discountpct >= 0),
    CONSTRAINT "CK_SpecialOffer_EndDate" CHECK (enddate >= startdate),
    CONSTRAINT "CK_SpecialOffer_MaxQty" CHECK (maxqty >= 0),
    CONSTRAINT "CK_SpecialOffer_MinQty" CHECK (minqty >= 0)
);

CREATE TABLE sales.salesperson (
    businessentityid integer NOT NULL,
    territoryid integer,
    salesquota numeric,
    bonus numeric NOT NULL DEFAULT 0,
    commissionpct numeric NOT NULL DEFAULT 0,
    salesytd numeric NOT NULL DEFAULT 0,
    saleslastyear numeric NOT NULL DEFAULT 0,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_SalesPerson_BusinessEntityID" PRIMARY KEY (businessentityid),
    CONSTRAINT "FK_SalesPerson_Employee_BusinessEntityID"
    FOREIGN KEY (businessentityid) REFERENCES humanresources.employee,
    CONSTRAINT "FK_SalesPerson_SalesTerritory_TerritoryID" FOREIGN KEY (territoryid) REFERENCES sales.salesterritory,
    CONSTRAINT "CK_SalesPerson_Bonus" CHECK (bonus >= 0),
    CONSTRAINT "CK_SalesPerson_CommissionPct" CHECK (commissionpct >= 0),
    CONSTRAINT "CK_SalesPerson_SalesLastYear" CHECK (saleslastyear >= 0),
    CONSTRAINT "CK_SalesPerson_SalesQuota" CHECK (salesquota > 0),
    CONSTRAINT "CK_SalesPerson_SalesYTD" CHECK (salesytd >= 0)
);

CREATE TABLE sales.store (
    businessentityid integer NOT NULL,
    name public."Name" NOT NULL,
    salespersonid integer,
    demographics xml,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_Store_BusinessEntityID" PRIMARY KEY (businessentityid),
    CONSTRAINT "FK_Store_SalesPerson_SalesPersonID" FOREIGN KEY (salespersonid) REFERENCES sales.salesperson
);

CREATE TABLE sales.customer (
    customerid integer NOT NULL,
    personid integer,
    storeid integer,
    territoryid integer,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_Customer_CustomerID" PRIMARY KEY (customerid),
    CONSTRAINT "FK_Customer_Person_PersonID" FOREIGN KEY (personid) REFERENCES person.person,
    CONSTRAINT "FK_Customer_Store_StoreID" FOREIGN KEY (storeid) REFERENCES sales.store,
    CONSTRAINT "FK_Customer_SalesTerritory_TerritoryID" FOREIGN KEY (territoryid) REFERENCES sales.salesterritory
);

CREATE TABLE sales.specialofferproduct (
    specialofferid integer NOT NULL,
    productid integer NOT NULL,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_SpecialOfferProduct_SpecialOfferID_ProductID" PRIMARY KEY (specialofferid, productid),
    CONSTRAINT "FK_SpecialOfferProduct_Product_ProductID" FOREIGN KEY (productid) REFERENCES production.product,
    CONSTRAINT "FK_SpecialOfferProduct_SpecialOffer_SpecialOfferID"
    FOREIGN KEY (specialofferid) REFERENCES sales.specialoffer
);

CREATE TABLE sales.salespersonquotahistory (
    businessentityid integer NOT NULL,
    quotadate timestamp NOT NULL,
    salesquota numeric NOT NULL,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_SalesPersonQuotaHistory_BusinessEntityID_QuotaDate" PRIMARY KEY (businessentityid, quotadate),
    CONSTRAINT "FK_SalesPersonQuotaHistory_SalesPerson_BusinessEntityID"
    FOREIGN KEY (businessentityid) REFERENCES sales.salesperson,
    CONSTRAINT "CK_SalesPersonQuotaHistory_SalesQuota" CHECK (salesquota > 0)
);

CREATE TABLE sales.salesterritoryhistory (
    businessentityid integer NOT NULL,
    territoryid integer NOT NULL,
    startdate timestamp NOT NULL,
    enddate timestamp,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_SalesTerritoryHistory_BusinessEntityID_StartDate_TerritoryID"
    PRIMARY KEY (businessentityid, startdate, territoryid),
    CONSTRAINT "FK_SalesTerritoryHistory_SalesPerson_BusinessEntityID"
    FOREIGN KEY (businessentityid) REFERENCES sales.salesperson,
    CONSTRAINT "FK_SalesTerritoryHistory_SalesTerritory_TerritoryID"
    FOREIGN KEY (territoryid) REFERENCES sales.salesterritory,
    CONSTRAINT "CK_SalesTerritoryHistory_EndDate" CHECK (enddate >= startdate)
);

CREATE TABLE sales.shoppingcartitem (
    shoppingcartitemid integer NOT NULL,
    shoppingcartid character varying(50) NOT NULL,
    quantity integer NOT NULL DEFAULT 1,
    productid integer NOT NULL,
    datecreated timestamp NOT NULL DEFAULT now(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_ShoppingCartItem_ShoppingCartItemID" PRIMARY KEY (shoppingcartitemid),
    CONSTRAINT "FK_ShoppingCartItem_Product_ProductID" FOREIGN KEY (productid) REFERENCES production.product,
    CONSTRAINT "CK_ShoppingCartItem_Quantity" CHECK (quantity >= 1)
);

-- totaldue is an ordinary column here: only the application keeps it equal to the sum of the amounts.
CREATE TABLE sales.salesorderheader (
    salesorderid integer NOT NULL,
    revisionnumber smallint NOT NULL DEFAULT 0,
    orderdate timestamp NOT NULL DEFAULT now(),
    duedate timestamp NOT NULL,
    shipdate timestamp,
    status smallint NOT NULL DEFAULT 1,
    onlineorderflag public."Flag" DEFAULT true,
    purchaseordernumber public."OrderNumber",
    accountnumber public."AccountNumber",
    customerid integer NOT NULL,
    salespersonid integer,
    territoryid integer,
    billtoaddressid integer NOT NULL,
    shiptoaddressid integer NOT NULL,
    shipmethodid integer NOT NULL,
    creditcardid integer,
    creditcardapprovalcode character varying(15),
    currencyrateid integer,
    subtotal numeric NOT NULL DEFAULT 0,
    taxamt numeric NOT NULL DEFAULT 0,
    freight numeric NOT NULL DEFAULT 0,
    totaldue numeric,
    comment character varying(128),
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_SalesOrderHeader_SalesOrderID" PRIMARY KEY (salesorderid),
    CONSTRAINT "FK_SalesOrderHeader_CurrencyRate_CurrencyRateID"
    FOREIGN KEY (currencyrateid) REFERENCES sales.currencyrate,
    CONSTRAINT "FK_SalesOrderHeader_Customer_CustomerID" FOREIGN KEY (customerid) REFERENCES sales.customer,
    CONSTRAINT "FK_SalesOrderHeader_SalesPerson_SalesPersonID"
    FOREIGN KEY (salespersonid) REFERENCES sales.salesperson,
    CONSTRAINT "FK_SalesOrderHeader_SalesTerritory_TerritoryID"
    FOREIGN KEY (territoryid) REFERENCES sales.salesterritory,
    CONSTRAINT "FK_SalesOrderHeader_ShipMethod_ShipMethodID"
    FOREIGN KEY (shipmethodid) REFERENCES purchasing.shipmethod,
    CONSTRAINT "CK_SalesOrderHeader_DueDate" CHECK (duedate >= orderdate),
    CONSTRAINT "CK_SalesOrderHeader_Freight" CHECK (freight >= 0),
    CONSTRAINT "CK_SalesOrderHeader_ShipDate" CHECK (shipdate >= orderdate),
    CONSTRAINT "CK_SalesOrderHeader_Status" CHECK (status BETWEEN 0 AND 8),
    CONSTRAINT "CK_SalesOrderHeader_SubTotal" CHECK (subtotal >= 0),
    CONSTRAINT "CK_SalesOrderHeader_TaxAmt" CHECK (taxamt >= 0)
);

CREATE TABLE sales.salesorderdetail (
    salesorderid integer NOT NULL,
    salesorderdetailid integer NOT NULL,
    carriertrackingnumber character varying(25),
    orderqty smallint NOT NULL,
    productid integer NOT NULL,
    specialofferid integer NOT NULL,
    unitprice numeric NOT NULL,
    unitpricediscount numeric NOT NULL DEFAULT 0,
    rowguid uuid NOT NULL DEFAULT gen_random_uuid(),
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_SalesOrderDetail_SalesOrderID_SalesOrderDetailID" PRIMARY KEY (salesorderid, salesorderdetailid),
    CONSTRAINT "FK_SalesOrderDetail_SalesOrderHeader_SalesOrderID"
    FOREIGN KEY (salesorderid) REFERENCES sales.salesorderheader ON DELETE CASCADE,
    CONSTRAINT "FK_SalesOrderDetail_SpecialOfferProduct_SpecialOfferIDProductID"
    FOREIGN KEY (specialofferid, productid) REFERENCES sales.specialofferproduct,
    CONSTRAINT "CK_SalesOrderDetail_OrderQty" CHECK (orderqty > 0),
    CONSTRAINT "CK_SalesOrderDetail_UnitPrice" CHECK (unitprice >= 0),
    CONSTRAINT "CK_SalesOrderDetail_UnitPriceDiscount" CHECK (unitpricediscount >= 0)
);

CREATE TABLE sales.salesorderheadersalesreason (
    salesorderid integer NOT NULL,
    salesreasonid integer NOT NULL,
    modifieddate timestamp NOT NULL DEFAULT now(),
    CONSTRAINT "PK_SalesOrderHeaderSalesReason_SalesOrderID_SalesReasonID" PRIMARY KEY (salesorderid, salesreasonid),
    CONSTRAINT "FK_SalesOrderHeaderSalesReason_SalesOrderHeader_SalesOrderID"
    FOREIGN KEY (salesorderid) REFERENCES sales.salesorderheader ON DELETE CASCADE,
    CONSTRAINT "FK_SalesOrderHeaderSalesReason_SalesReason_SalesReasonID"
    FOREIGN KEY (salesreasonid) REFERENCES sales.salesreason
);
