using RocketOps.Broker.Messages;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Broker.Timers;
using RocketOps.Broker.Transactions;

namespace RocketOps.Broker.Health;

/// <summary>
/// The part of the metrics page about messages that wait for something: the end of their transaction, a delay, a time. What runs for a master is told by a master. Names are those of a 5.x broker where
/// it has the figure, which it tells by topic (admin.md §4.1). Thread-safe.
/// </summary>
internal sealed class WaitingMetrics(RoleManager roles, TimerTable timers, TransactionFigures transactions, UndeliverableMessages undeliverable) : IMetricsPart
{
    public void AddTo(MetricsText text)
    {
        if (roles.Session is { } session)
        {
            text.Add("rocketmq_half_messages", "gauge", "Transactions that are open.", session.OpenHalves);
            text.Add("rocketops_half_messages_without_producer", "gauge", "Open transactions that were due in the last round of checks, with no producer of their group connected.", transactions.WithoutProducer);
            text.Add("rocketops_delay_late_milliseconds", "gauge", "How late the next message of the delay level is that is farthest behind.", session.DelayLateMs);
            text.Add("rocketmq_timing_messages", "gauge", "Messages that wait for their time.", timers.Counts.CountWaiting());
            text.Add("rocketmq_timer_dequeue_latency", "gauge", "How many milliseconds late messages with a time are.", timers.Counts.LateMs);
        }

        text.Add("rocketops_transaction_checks_total", "counter", "Questions about open transactions that left for their producers since the start.", transactions.Asked);
        text.Add("rocketops_transactions_given_up_total", "counter", "Open transactions that were moved to TRANS_CHECK_MAX_TIME_TOPIC since the start.", transactions.GivenUp);
        text.Add("rocketops_transactions_gone_total", "counter", "Open transactions that went with files of the log since the start, before anybody said how they end.", transactions.Gone);
        text.Add("rocketops_messages_undeliverable_total", "counter", "Messages that waited and could not be delivered since the start; they are kept in rmq_sys_undeliverable.", undeliverable.Kept);
        text.Add("rocketops_messages_passed_over_total", "counter", "Messages that waited and could neither be delivered nor kept since the start, as nothing takes them or they were not in the log any more; the broker's log tells which.", undeliverable.PassedOver + transactions.PassedOver);
    }
}
