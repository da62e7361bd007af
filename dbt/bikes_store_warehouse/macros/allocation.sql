{#-
  Shares an order's amount out to its lines in proportion to their line totals, in whole ten-thousandths (the
  source's own precision), cut and not rounded, so that no line gets less than nothing; `remainder` is what is then
  left over, for the order's last line. Where the lines are worth nothing, they share alike.
-#}
{% macro share_of(amount) -%}
    trunc(
        case
            when order_line_total = 0 then {{ amount }} / order_line_count
            else {{ amount }} * line_total / order_line_total
        end, 4
    )
{%- endmacro %}

{% macro remainder_of(amount, share) -%}
    case when is_last_line then {{ amount }} - sum({{ share }}) over (partition by nk_sales_order) else 0 end
{%- endmacro %}
