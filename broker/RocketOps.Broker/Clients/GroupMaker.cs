using System.Runtime.CompilerServices;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>
/// Makes the groups that other requests than heartbeats are the first to name: pulls, messages that are given back, modes. One connection makes no more of them than it may be a member of, as each is an entry
/// in a file that is written whole. Thread-safe.
/// </summary>
internal sealed class GroupMaker(BrokerSettings settings, GroupTable groups, ConsumerTable consumers)
{
    // The groups that requests of each connection have made.
    private readonly ConditionalWeakTable<RemotingConnection, HashSet<string>> _made = new();

    /// <summary>The group; null when it is not there and may not be made. Throws <see cref="RemotingCommandException"/> when the connection has made too many.</summary>
    public async Task<GroupState?> GetOrMakeAsync(RemotingConnection connection, string group)
    {
        if (groups.TryGet(group, out GroupState? existing))
        {
            return existing;
        }

        HashSet<string> made = _made.GetValue(connection, static _ => new HashSet<string>(StringComparer.Ordinal));
        int most = settings.Current.MaxGroupsPerConnection;
        lock (made)
        {
            if (!made.Contains(group) && made.Count + consumers.CountGroups(connection) >= most)
            {
                throw new RemotingCommandException(
                    ResponseCode.SystemError, $"the connection would make or be a member of {made.Count + consumers.CountGroups(connection) + 1} groups, more than maxGroupsPerConnection, which is {most}");
            }

            made.Add(group);
        }

        GroupState? state = await groups.GetOrCreateAsync(group);
        if (state is null)
        {
            lock (made)
            {
                made.Remove(group);
            }
        }

        return state;
    }
}
