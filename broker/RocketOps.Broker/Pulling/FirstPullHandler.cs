using System.Runtime.CompilerServices;
using System.Text;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Replies;
using RocketOps.Broker.StaticTopics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Headers;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// The first pull of a group that does not exist yet, as pull consumers send it before any heartbeat: a file is written, so the work leaves the connection's loop.
/// When the group is there, the pull is handled as if it had just arrived. One connection makes no more groups than it may be a member of.
/// </summary>
internal sealed class FirstPullHandler(
    BrokerSettings settings, GroupTable groups, ConsumerTable consumers, PullMessageHandler pulls, PullRefusals refusals, PullForwarder forwarder) : AsyncRequestHandler
{
    // The groups that pulls of each connection have made.
    private readonly ConditionalWeakTable<RemotingConnection, HashSet<string>> _made = new();

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        bool exists = await GetOrMakeAsync(connection, request.GetRequired("consumerGroup"));
        PullStatus status = HandleAgain(connection, request, exists, out RemotingCommand? refusal);
        return status == PullStatus.HeldElsewhere ? await forwarder.HandleAsync(connection, request, cancellationToken) : refusal;
    }

    /// <summary>False when the group may not be made. Throws <see cref="RemotingCommandException"/> when the connection has made too many.</summary>
    private async Task<bool> GetOrMakeAsync(RemotingConnection connection, string group)
    {
        if (groups.TryGet(group, out _))
        {
            return true;
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

        bool exists = await groups.GetOrCreateAsync(group) is not null;
        if (!exists)
        {
            lock (made)
            {
                made.Remove(group);
            }
        }

        return exists;
    }

    private PullStatus HandleAgain(RemotingConnection connection, RemotingCommand request, bool groupExists, out RemotingCommand? refusal)
    {
        RequestCopy copy = new(request);
        RequestFrame frame = copy.Frame;
        PullMessageRequestHeader header = PullMessageRequestHeader.Read(frame, copy.Scratch);
        PullRequest pull = PullMessageHandler.RequestOf(frame, header, connection, filtersItself: false);
        PullStatus status = groupExists ? pulls.Handle(frame, header, pull, connection, flush: true) : PullStatus.GroupMissing;
        refusal = null;
        if (status is PullStatus.Ok or PullStatus.HeldElsewhere)
        {
            return status;
        }

        byte[] buffer = new byte[RemarkText.MaxBytes];
        refusal = RemotingCommand.CreateResponse(request, PullRefusals.CodeOf(status), Encoding.UTF8.GetString(refusals.RemarkOf(status, pull, buffer)));
        return status;
    }
}
