using System.Globalization;
using System.Text;
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
internal sealed class ReplicationMetrics(RoleManager roles, CurrentRole role, MessageStore store, SlaveTable slaves, ElectedGroup? group = null)
{
    /// <param name="text">The page so far.</param>
    /// <param name="labels">Of the broker, with the opening brace and without the closing one.</param>
    public void AddTo(StringBuilder text, string labels)
    {
        if (group is not null)
        {
            Add(text, "rocketops_group_leads", "gauge", "1 for the elected master, while its lease holds.", [(labels, group.Leads ? 1 : 0)]);
            Add(text, "rocketops_group_epoch", "gauge", "Epoch of the lease as this member saw it last; 0 for none.", [(labels, group.Lease?.Epoch ?? 0)]);
            Add(text, "rocketops_group_in_sync", "gauge", "Copies in sync, as the lease says.", [(labels, group.Lease?.InSync.Count ?? 0)]);
            Add(text, "rocketops_group_refused_milliseconds_total", "counter", "For how long this member refused messages while it held the lease.", [(labels, group.RefusedMs)]);
        }

        if (role.IsMaster)
        {
            AddSlaves(text, labels);
        }
        else if (roles.SlaveSession?.Follower is { } follower)
        {
            Add(text, "rocketops_replication_connected", "gauge", "1 while the master's log comes.", [(labels, follower.Connected.Length > 0 ? 1 : 0)]);
            Add(text, "rocketops_replication_heard_timestamp_seconds", "gauge", "When something came from the master last, in seconds since 1970; 0 for never.", [(labels, follower.HeardAtMs / 1000)]);
            Add(text, "rocketops_replication_received_bytes_total", "counter", "Bytes received from masters since this broker became a slave.", [(labels, follower.BytesReceived)]);
        }
    }

    private void AddSlaves(StringBuilder text, string labels)
    {
        IReadOnlyList<SlaveStatus> connected = slaves.Snapshot();
        long end = store.Positions.Appended.Value;
        Add(text, "rocketops_replication_slaves", "gauge", "Slaves that are connected.", [(labels, connected.Count)]);
        Add(text, "rocketops_replication_slaves_in_sync", "gauge", "Slaves that lack less than haMaxGapNotInSync.", [(labels, connected.Count(static slave => slave.IsInSync))]);
        if (connected.Count > 0)
        {
            Add(text, "rocketmq_broker_commitlog_diff", "gauge", "Bytes of the log that the slave has not acknowledged.", [.. connected.Select(slave => (Of(slave), end - slave.Acknowledged))]);
            Add(text, "rocketops_replication_sent_bytes_total", "counter", "Bytes sent to the slave since it connected.", [.. connected.Select(slave => (Of(slave), slave.BytesSent))]);
        }

        string Of(SlaveStatus slave) => $"{labels},slave=\"{MetricsPage.Escape(slave.Address)}\"";
    }

    private static void Add(StringBuilder text, string name, string type, string help, IReadOnlyList<(string Labels, long Value)> samples)
    {
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");
        foreach ((string labels, long value) in samples)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}{labels}}} {value}\n");
        }
    }
}
