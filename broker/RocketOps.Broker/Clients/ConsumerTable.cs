using System.Diagnostics.CodeAnalysis;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>Consumer groups that are online. Tells the members when a group changes (NOTIFY_CONSUMER_IDS_CHANGED). Source: remoting.md §5.9.</summary>
internal sealed class ConsumerTable(BrokerSettings settings, GroupTable groupSettings)
{
    private readonly NameTable<ConsumerGroup> _groups = new();
    private readonly Lock _changes = new();

    public IEnumerable<ConsumerGroup> All => _groups.Entries.Values;

    public bool TryGet(ReadOnlySpan<byte> utf8Group, [MaybeNullWhen(false)] out ConsumerGroup group) => _groups.TryGet(utf8Group, out group);

    public bool TryGet(string group, [MaybeNullWhen(false)] out ConsumerGroup found) => _groups.TryGet(group, out found);

    public void Register(ClientChannel channel, HeartbeatBody.ConsumerData data, bool keepSubscriptions)
    {
        bool changed;
        ConsumerGroup group;
        lock (_changes)
        {
            // Together with Remove: a group that has just become empty must not lose the member that joins now.
            group = _groups.Entries.GetOrAdd(data.GroupName!, static name => new ConsumerGroup(name));
            changed = group.Update(channel, data, keepSubscriptions);
        }

        if (changed)
        {
            Notify(group);
        }
    }

    /// <summary>Takes the connection out of one group.</summary>
    public void Unregister(string groupName, RemotingConnection connection)
    {
        ConsumerGroup? group;
        lock (_changes)
        {
            if (!_groups.TryGet(groupName, out group) || !group.Remove(connection))
            {
                return;
            }

            if (group.IsEmpty)
            {
                _groups.Entries.TryRemove(groupName, out _);
            }
        }

        Notify(group);
    }

    /// <summary>Takes the connection out of every group.</summary>
    public void Remove(RemotingConnection connection)
    {
        foreach (ConsumerGroup group in All)
        {
            Unregister(group.Name, connection);
        }
    }

    /// <summary>Ends the membership of clients that sent no heartbeat since <paramref name="before"/> (ms since 1970) and closes their connections.</summary>
    public void Expire(long before)
    {
        foreach (ConsumerGroup group in All)
        {
            foreach (ClientChannel channel in group.Channels)
            {
                if (channel.LastUpdate < before)
                {
                    Unregister(group.Name, channel.Connection);
                    channel.Connection.Abort($"no heartbeat of consumer {channel.ClientId} (group {group.Name}) since {DateTimeOffset.FromUnixTimeMilliseconds(channel.LastUpdate):O}");
                }
            }
        }
    }

    private void Notify(ConsumerGroup group)
    {
        bool wanted = settings.Current.NotifyConsumerIdsChanged
            && (!groupSettings.TryGet(group.Name, out GroupState? state) || state.Config.NotifyConsumerIdsChangedEnable);
        // Members of a broadcasting group share nothing.
        if (!wanted || group.IsBroadcasting)
        {
            return;
        }

        foreach (ClientChannel channel in group.Channels)
        {
            channel.Connection.SendOneWay(RemotingCommand.CreateRequest(RequestCode.NotifyConsumerIdsChanged).Set("consumerGroup", group.Name));
        }
    }
}
