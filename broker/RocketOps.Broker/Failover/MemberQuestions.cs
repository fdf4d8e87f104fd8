using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication;
using RocketOps.Election.Members;
using RocketOps.Hosting.Hosts;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;

namespace RocketOps.Broker.Failover;

/// <summary>Asks the other members of the group: what they have, and whether they may be followed. Thread-safe.</summary>
internal sealed class MemberQuestions(BrokerSettings settings, MemberKeys keys, HostResolver resolver, ILoggerFactory loggers, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(3);

    /// <summary>One connection to each member, apart from those that tables are copied over.</summary>
    private readonly RemotingClient _client = new(new RemotingClientOptions { ConnectTimeout = ConnectPatience }, loggers, resolver.ResolveToConnectAsync, time: time);

    /// <summary>
    /// Asks every other member. One that does not answer, or not what a member answers, has not been heard: it is asked again with the next
    /// round.
    /// </summary>
    public void Ask(Action<MemberAnswer> answered)
    {
        ElectionSettings group = settings.Current.Group!;
        foreach (MemberAddress member in group.Members.Where(member => member.Name != group.Options.Member))
        {
            _ = AskAsync(member, group.Options.AnswerTime * 4, answered);
        }
    }

    /// <summary>
    /// Throws <see cref="IOException"/> or <see cref="TimeoutException"/> when that member does not answer or does not let this one
    /// follow; <see cref="InvalidDataException"/> when it is no member.
    /// </summary>
    public async Task<JoinAnswer> JoinAsync(string address, JoinRequest join, CancellationToken cancellationToken)
    {
        RemotingCommand answer = await InvokeAsync(address, GroupRequests.Join(ReplicaGroupNames.Of(settings.Current), join, keys.Own.Key), JoinPatience, cancellationToken);
        return answer.Code == ResponseCode.Success ? GroupRequests.ReadJoinAnswer(answer) : throw new IOException($"{address} is not to be followed: {answer.Remark}");
    }

    /// <summary>Tells a master that this follower stops. Throws as <see cref="JoinAsync"/>.</summary>
    public async Task LeaveAsync(string address, JoinRequest left, long ticket, CancellationToken cancellationToken)
    {
        RemotingCommand answer = await InvokeAsync(address, GroupRequests.Leave(ReplicaGroupNames.Of(settings.Current), left, ticket, keys.Own.Key), JoinPatience, cancellationToken);
        if (answer.Code != ResponseCode.Success)
        {
            throw new IOException($"{address} did not take it: {answer.Remark}");
        }
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>
    /// Sends a request. If the other does not take this member for itself, this member has made sure of its key's digest when this returns.
    /// </summary>
    private async Task<RemotingCommand> InvokeAsync(string address, RemotingCommand request, TimeSpan patience, CancellationToken cancellationToken)
    {
        RemotingCommand answer = await _client.InvokeAsync(address, request, patience, cancellationToken);
        await keys.OnAnsweredAsync(address, answer).WaitAsync(cancellationToken);
        return answer;
    }

    private async Task AskAsync(MemberAddress member, TimeSpan patience, Action<MemberAnswer> answered)
    {
        try
        {
            RemotingCommand answer = await InvokeAsync(member.Address, GroupRequests.Ask(ReplicaGroupNames.Of(settings.Current), member.Name, keys.Own), patience, CancellationToken.None);
            if (answer.Code == ResponseCode.Success && GroupRequests.ReadAnswer(answer) is { } said && said.Copy.Member == member.Name)
            {
                answered(said);
            }
        }
        catch (Exception)
        {
            // Members are asked because some of them are gone; the rules say who is missing, and what follows from that.
            return;
        }
    }
}
