using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Overload;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>
/// Makes the groups that clients are the first to name: by heartbeats, pulls, messages that are given back, modes. Each is an entry in a file that is written whole, and stays when its clients have gone, so one connection
/// makes no more of them than it may be a member of, and all together make them up to a number. A group that is there is found whatever their number. Thread-safe.
/// </summary>
internal sealed partial class GroupMaker(CurrentOptions<ClientTableOptions> options, GroupTable groups, RefusedEntries refused, ILogger<GroupMaker> logger)
{
    // The groups that requests of each connection have made, whether it is a member of them or has left again.
    private readonly ConditionalWeakTable<RemotingConnection, HashSet<string>> _made = new();

    /// <summary>The group; null when it is not there and may not be made. Throws <see cref="RemotingCommandException"/> when there are too many.</summary>
    public async Task<GroupState?> GetOrMakeAsync(RemotingConnection connection, string group) => StateOf(await FindOrMakeAsync(connection, group));

    /// <summary>
    /// Same as <see cref="GetOrMakeAsync"/> for callers that do not need the entry in the file, as the group would be made again: it is
    /// written while the caller goes on, and a disk that takes seconds for it holds up nobody.
    /// </summary>
    public GroupState? GetOrMake(RemotingConnection connection, string group)
    {
        FoundGroup found = FindOrMake(connection, group, out Task written);
        if (!written.IsCompletedSuccessfully)
        {
            _ = TellOfFailureAsync(group, written);
        }

        return StateOf(found);
    }

    /// <summary>The group, or why it is not there. Who makes it gets it when its entry is on the disk.</summary>
    public async ValueTask<FoundGroup> FindOrMakeAsync(RemotingConnection connection, string group)
    {
        FoundGroup found = FindOrMake(connection, group, out Task written);
        await written;
        return found;
    }

    /// <summary>
    /// Finds what a client is told of a group that is not there and would not be made for it, as there are too many; null otherwise.
    /// </summary>
    public string? FindRemark(RemotingConnection connection, string group)
    {
        if (groups.TryGet(group, out _))
        {
            return null;
        }

        GroupRefusal refusal = groups.FindRefusal(group);
        if (refusal == GroupRefusal.None && _made.TryGetValue(connection, out HashSet<string>? made))
        {
            lock (made)
            {
                refusal = HasPlace(made, group) ? GroupRefusal.None : GroupRefusal.TooManyOfConnection;
            }
        }

        return RemarkOf(refusal);
    }

    /// <summary>Returns the remark that a client is sent; null for refusals that RocketMQ has an answer of its own for.</summary>
    public string? RemarkOf(GroupRefusal refusal) => refusal switch
    {
        GroupRefusal.TooManyOfConnection =>
            $"the consumer group is not there, and the connection has made as many as maxGroupsPerConnection, which is {options.Value.MaxGroupsPerConnection}",
        GroupRefusal.TooMany =>
            $"the consumer group is not there, and the broker has as many as maxGroups, which is {groups.Limit}: an administrator can make it (mqadmin updateSubGroup)",
        _ => null,
    };

    private GroupState? StateOf(in FoundGroup found) => RemarkOf(found.Refusal) is { } remark ? throw new RemotingCommandException(ResponseCode.SystemError, remark) : found.State;

    private FoundGroup FindOrMake(RemotingConnection connection, string group, out Task written)
    {
        if (groups.TryGet(group, out GroupState? existing))
        {
            written = Task.CompletedTask;
            return new FoundGroup(existing);
        }

        FoundGroup found = Make(connection, group, out written);
        if (RemarkOf(found.Refusal) is { } remark)
        {
            refused.CountGroup(group, remark);
        }

        return found;
    }

    private FoundGroup Make(RemotingConnection connection, string group, out Task written)
    {
        written = Task.CompletedTask;

        // First, so that what cannot be made is not remembered either.
        GroupRefusal refusal = groups.FindRefusal(group);
        if (refusal != GroupRefusal.None)
        {
            return new FoundGroup(null, refusal);
        }

        HashSet<string> made = _made.GetValue(connection, static _ => new HashSet<string>(StringComparer.Ordinal));
        lock (made)
        {
            if (!HasPlace(made, group))
            {
                return new FoundGroup(null, GroupRefusal.TooManyOfConnection);
            }

            made.Add(group);
        }

        FoundGroup found = groups.GetOrCreate(group, out written);
        if (found.State is null)
        {
            lock (made)
            {
                made.Remove(group);
            }
        }

        return found;
    }

    private bool HasPlace(HashSet<string> made, string group) => made.Count < options.Value.MaxGroupsPerConnection || made.Contains(group);

    private async Task TellOfFailureAsync(string group, Task written)
    {
        try
        {
            await written;
        }
        catch (Exception failure)
        {
            // Nobody is behind this task who would.
            LogNotWritten(group, failure.Message);
        }
    }

    [LoggerMessage(EventId = 3528, Level = LogLevel.Warning, Message = "The entry of consumer group {Group}, which a pull has made, was not written: {Reason}. The group is served, and its entry is written with the next change of any group; should the broker end before that, the group's next pull makes it again")]
    private partial void LogNotWritten(string group, string reason);
}
