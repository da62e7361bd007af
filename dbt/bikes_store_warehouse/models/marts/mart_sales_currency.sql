-- Sales of a month by the currency that customers paid in. Amounts are in the company's own currency; the last column
-- is the same in the customers' currency, at the rate that each order names.
with

order_lines as (

    select * from {{ ref('fact_order') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

currencies as (

    select * from {{ ref('dim_currency') }}

),

currency_rates as (

    select * from {{ ref('dim_currency_rate') }}

),

summed as (

    select
        date_trunc('month', dates.nk_date)::date as order_month,
        currencies.nk_currency as currency_code,
        currencies.currency_name,
        count(distinct order_lines.nk_sales_order) as orders,
        sum(order_lines.line_total) as revenue,
        round(sum(order_lines.line_total * coalesce(currency_rates.average_rate, 1)), 4) as revenue_in_currency
    from order_lines
    inner join dates on order_lines.sk_order_date = dates.sk_date
    inner join currencies on order_lines.sk_currency = currencies.sk_currency
    inner join currency_rates on order_lines.sk_currency_rate = currency_rates.sk_currency_rate
    group by 1, 2, 3

)

select * from summed
