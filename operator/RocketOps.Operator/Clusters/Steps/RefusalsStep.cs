using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Asks the masters that serve whether they take messages: one without room on its disk is ready all the same, since its consumers read.</summary>
internal sealed partial class RefusalsStep
{
    // Of the broker's runtime figures; Apache's brokers have none such and are taken to accept.
    private const string Key = "rocketOpsSendsRefused";

    private readonly ClusterAdmins _admins;
    private readonly OperatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RefusalsStep> _logger;

    public RefusalsStep(ClusterAdmins admins, OperatorOptions options, TimeProvider time, ILogger<RefusalsStep> logger)
    {
        _admins = admins;
        _options = options;
        _time = time;
        _logger = logger;
    }

    /// <summary>The same groups, with what their masters say.</summary>
    public async Task<IReadOnlyList<GroupView>> RunAsync(ClusterContext context, BrokerRegistrations registrations, IReadOnlyList<GroupView> groups, CancellationToken cancellationToken)
    {
        IRocketMqAdmin admin = _admins.Get(context.Cluster.Key(), context.Names.NameServerRegistrationAddress);
        using CancellationTokenSource deadline = new CancellationTokenSource(_options.AdminTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);

        // At once: a broker that does not answer costs a pass its timeout, many of them no more.
        return await Task.WhenAll(groups.Select(group => AskAsync(admin, registrations, group, either.Token, cancellationToken)));
    }

    private async Task<GroupView> AskAsync(IRocketMqAdmin admin, BrokerRegistrations registrations, GroupView group, CancellationToken token, CancellationToken pass) =>
        group with { Members = await Task.WhenAll(group.Members.Select(member => AskAsync(admin, registrations, member, token, pass))) };

    private async Task<MemberState> AskAsync(IRocketMqAdmin admin, BrokerRegistrations registrations, MemberState member, CancellationToken token, CancellationToken pass)
    {
        if (!member.Settled || member.Registered != true || registrations.MasterAddress(member.Group, member.Rank.BrokerId) is not { } address)
        {
            return member;
        }

        try
        {
            return member with { SendsRefused = (await admin.GetBrokerRuntimeInfoAsync(address, token)).GetValueOrDefault(Key) };
        }
        catch (Exception unreachable) when (AdminFailures.IsFailure(unreachable, pass))
        {
            LogUnreachable(unreachable, member.Pod);
            return member;
        }
    }

    [LoggerMessage(EventId = 5002, Level = LogLevel.Debug, Message = "{Pod} does not say whether it takes messages; the next pass asks again.")]
    private partial void LogUnreachable(Exception exception, string pod);
}
