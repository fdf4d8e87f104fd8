using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Replication;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Clients;

/// <summary>
/// Members of consumer groups as the master of this broker's group knows them. When this broker leads, those that have yet to send it a heartbeat count as members for as long as that may take: the first ones that find the new
/// master would share out the queues among themselves, and begin those of the others where these had committed last. Thread-safe.
/// </summary>
/// <param name="settings">Name the group.</param>
/// <param name="sender">This member, which asks the master.</param>
/// <param name="time">Measures for how long they are awaited.</param>
internal sealed class AwaitedConsumers(BrokerSettings settings, Func<MemberSender> sender, TimeProvider time)
{
    /// <summary>Clients send heartbeats every 30 s.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(40);

    // Changed under the lock, and replaced with every change.
    private readonly Lock _changes = new();
    private volatile Known _known = Known.Nobody;
    private long _heard;

    /// <summary>Changes whenever <see cref="Groups"/> do; 0 when there are none.</summary>
    public long Version => Current.Number;

    /// <summary>The groups, and the ids of their members.</summary>
    public IReadOnlyDictionary<string, string[]> Groups => Current.Groups;

    private Known Current => Volatile.Read(ref _heard) is > 0 and var heard && time.GetElapsedTime(heard) < Longest ? _known : Known.Nobody;

    /// <summary>Number of members of a group that are awaited or have come.</summary>
    public int CountOf(string group) => Current.Groups.TryGetValue(group, out string[]? awaited) ? awaited.Length : 0;

    /// <summary>The ids of a group's members, each once, in no order: those that are here, and those that are awaited.</summary>
    public string[] With(string group, string[] here) => Current.Groups.TryGetValue(group, out string[]? awaited) ? [.. here.Union(awaited, StringComparer.Ordinal)] : here;

    /// <summary>Asks the master for what has changed since its last answer.</summary>
    public RemotingCommand Ask() => GroupRequests.AskConsumers(ReplicaGroupNames.Of(settings.Current), _known.Version, sender());

    /// <summary>Takes the master's answer.</summary>
    public void Follow(RemotingCommand answer)
    {
        string version = answer.Get("version") ?? string.Empty;
        lock (_changes)
        {
            if (version != _known.Version)
            {
                _known = new Known(version, _known.Number + 1, BrokerJson.Read(answer.Body.Span, ClientJson.Default.GroupMembersBody).Groups);
            }
        }

        Volatile.Write(ref _heard, time.GetTimestamp());
    }

    /// <summary>A client has said that it leaves.</summary>
    public void Forget(string group, string clientId)
    {
        lock (_changes)
        {
            if (_known.Groups.TryGetValue(group, out string[]? members) && members.Contains(clientId))
            {
                _known = new Known(_known.Version, _known.Number + 1, new(_known.Groups, StringComparer.Ordinal) { [group] = [.. members.Where(member => member != clientId)] });
            }
        }
    }

    /// <param name="Version">What the master said of its answer.</param>
    /// <param name="Number">Counts the changes.</param>
    /// <param name="Groups">The ids of each group's members.</param>
    private sealed record Known(string Version, long Number, Dictionary<string, string[]> Groups)
    {
        public static readonly Known Nobody = new(string.Empty, 0, []);
    }
}
