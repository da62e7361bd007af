-- What each sales person sold against each quota. Quotas are set by the quarter: one counts until the next one starts,
-- and for three months where no other follows. The days between two quotas vary, as months do, by less than a month.
with

quotas_in_order as (

    select
        nk_sales_person,
        sales_quota,
        quota_at::date as starts_on,
        lead(quota_at::date) over (partition by nk_sales_person order by quota_at) as next_starts_on
    from {{ ref('fact_sales_quota_history') }}

),

quotas as (

    select
        nk_sales_person,
        sales_quota,
        starts_on,
        case
            when next_starts_on < starts_on + interval '4 months' then next_starts_on
            else (starts_on + interval '3 months')::date
        end as ends_before
    from quotas_in_order

),

order_lines as (

    select * from {{ ref('fact_order') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

sales_people as (

    select * from {{ ref('dim_sales_person') }}

),

sales as (

    select
        sales_people.nk_sales_person,
        dates.nk_date as order_date,
        sum(order_lines.line_total) as revenue,
        count(distinct order_lines.nk_sales_order) as orders
    from order_lines
    inner join dates on order_lines.sk_order_date = dates.sk_date
    inner join sales_people on order_lines.sk_sales_person = sales_people.sk_sales_person
    group by 1, 2

),

current_sales_people as (

    {{ latest_versions('sales_people', 'nk_sales_person') }}

),

compared as (

    select
        quotas.nk_sales_person,
        coalesce(current_sales_people.sales_person_name, 'Unknown') as sales_person_name,
        quotas.starts_on as quota_starts_on,
        quotas.ends_before as quota_ends_before,
        quotas.sales_quota,
        coalesce(sum(sales.orders), 0) as orders,
        coalesce(sum(sales.revenue), 0) as revenue
    from quotas
    left join current_sales_people on quotas.nk_sales_person = current_sales_people.nk_sales_person
    left join sales
        on
            quotas.nk_sales_person = sales.nk_sales_person
            and quotas.starts_on <= sales.order_date
            and quotas.ends_before > sales.order_date
    group by 1, 2, 3, 4, 5

)

select
    *,
    round(revenue / nullif(sales_quota, 0), 4) as quota_attainment
from compared
