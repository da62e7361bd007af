-- How recently, how often and for how much each customer bought. Days are counted back from the last order that the
-- warehouse holds, not from today, so that the figures change with the data alone.
with

order_lines as (

    select * from {{ ref('fact_order') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

customers as (

    select * from {{ ref('dim_customer') }}

),

current_customers as (

    {{ latest_versions('customers', 'nk_customer') }}

),

bought as (

    select
        customers.nk_customer,
        customers.nk_customer <> -1 as is_known,
        min(dates.nk_date) filter (where dates.nk_date > '{{ unknown_date() }}') as first_order_date,
        max(dates.nk_date) filter (where dates.nk_date > '{{ unknown_date() }}') as last_order_date,
        count(distinct order_lines.nk_sales_order) as orders,
        sum(order_lines.line_total) as revenue
    from order_lines
    inner join dates on order_lines.sk_order_date = dates.sk_date
    inner join customers on order_lines.sk_customer = customers.sk_customer
    group by 1, 2

),

scored as (

    select
        *,
        max(last_order_date) over () - last_order_date as days_since_last_order,
        -- the unknown customer is sorted by itself, and takes no place among the others
        ntile(5) over (partition by is_known order by last_order_date nulls first, nk_customer) as recency_score,
        ntile(5) over (partition by is_known order by orders, nk_customer) as frequency_score,
        ntile(5) over (partition by is_known order by revenue, nk_customer) as monetary_score
    from bought

)

select
    scored.nk_customer,
    current_customers.customer_name,
    current_customers.customer_type,
    scored.first_order_date,
    scored.last_order_date,
    scored.days_since_last_order,
    scored.orders,
    scored.revenue,
    case when scored.is_known then scored.recency_score end as recency_score,
    case when scored.is_known then scored.frequency_score end as frequency_score,
    case when scored.is_known then scored.monetary_score end as monetary_score
from scored
inner join current_customers on scored.nk_customer = current_customers.nk_customer
