using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Store;

namespace RocketOps.Broker.Health;

/// <summary>
/// The part of the metrics page about replication: a master tells of each slave, a slave of itself. A 5.x broker exports nothing of the kind; the exporter for RocketMQ calls the
/// lag <c>rocketmq_broker_commitlog_diff</c>, and so does this page, with the slave's address as a label. Thread-safe.
/// </summary>
internal sealed class ReplicationMetrics(RoleManager roles, CurrentRole role, MessageStore store, SlaveTable slaves, MemberStanding? group) : IMetricsPart
{
    public void AddTo(MetricsText text)
    {
        if (group is not null)
        {
            text.Add("rocketops_group_leads", "gauge", "1 for the elected master, while its lease holds.", group.Leads ? 1 : 0);
            text.Add("rocketops_group_epoch", "gauge", "Epoch of the lease as this member saw it last; 0 for none.", group.Lease?.Epoch ?? 0);
            text.Add("rocketops_group_in_sync", "gauge", "Copies in sync, as the lease says.", group.Lease?.InSync.Count ?? 0);
            text.Add("rocketops_group_refused_milliseconds_total", "counter", "For how long this member refused messages while it held the lease.", group.RefusedMs);
        }

        if (role.IsMaster)
        {
            AddSlaves(text);
        }
        else if (roles.SlaveSession?.Follower is { } follower)
        {
            text.Add("rocketops_replication_connected", "gauge", "1 while the master's log comes.", follower.Connected.Length > 0 ? 1 : 0);
            text.Add("rocketops_replication_heard_timestamp_seconds", "gauge", "When something came from the master last, in seconds since 1970; 0 for never.", follower.HeardAtMs / 1000);
            text.Add("rocketops_replication_received_bytes_total", "counter", "Bytes received from masters since this broker became a slave.", follower.BytesReceived);
        }
    }

    private void AddSlaves(MetricsText text)
    {
        IReadOnlyList<SlaveStatus> connected = slaves.Snapshot();
        long end = store.Positions.Appended.Value;
        text.Add("rocketops_replication_slaves", "gauge", "Slaves that are connected.", connected.Count);
        text.Add("rocketops_replication_slaves_in_sync", "gauge", "Slaves that lack less than haMaxGapNotInSync.", connected.Count(static slave => slave.IsInSync));
        if (connected.Count > 0)
        {
            text.Add("rocketmq_broker_commitlog_diff", "gauge", "Bytes of the log that the slave has not acknowledged.", [.. connected.Select(slave => (Of(slave), end - slave.Acknowledged))]);
            text.Add("rocketops_replication_sent_bytes_total", "counter", "Bytes sent to the slave since it connected.", [.. connected.Select(slave => (Of(slave), slave.BytesSent))]);
        }

        static string Of(SlaveStatus slave) => $",slave=\"{MetricsText.Escape(slave.Address)}\"";
    }
}
