using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Asks the brokers that serve for their runtime figures: how long their logs are, which of them says that it leads, and masters whether they take messages, as one without room on its disk is ready all the same, since
/// its consumers read.
/// </summary>
internal sealed partial class MemberFiguresStep
{
    // Apache's brokers have none such and are taken to accept.
    private const string SendsRefused = "rocketOpsSendsRefused";
    private const string Leads = "rocketOpsLeads";
    public const string LogEnd = "commitLogMaxOffset";

    private readonly ClusterAdmins _admins;
    private readonly OperatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<MemberFiguresStep> _logger;

    public MemberFiguresStep(ClusterAdmins admins, OperatorOptions options, TimeProvider time, ILogger<MemberFiguresStep> logger)
    {
        _admins = admins;
        _options = options;
        _time = time;
        _logger = logger;
    }

    /// <summary>The same groups, with what their members say.</summary>
    public async Task<IReadOnlyList<GroupView>> RunAsync(ClusterContext context, ClusterObservation observation, IReadOnlyList<GroupView> groups, CancellationToken cancellationToken)
    {
        IRocketMqAdmin admin = _admins.Get(context.Cluster.Key(), context.Names.NameServerRegistrationAddress);
        using CancellationTokenSource deadline = new CancellationTokenSource(_options.AdminTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);

        // At once: a broker that does not answer costs a pass its timeout, many of them no more.
        return await Task.WhenAll(groups.Select(group => AskAsync(admin, observation, group, either.Token, cancellationToken)));
    }

    private async Task<GroupView> AskAsync(IRocketMqAdmin admin, ClusterObservation observation, GroupView group, CancellationToken token, CancellationToken pass) =>
        group with { Members = await Task.WhenAll(group.Members.Select(member => AskAsync(admin, observation.Pod(member.Pod)?.Status?.PodIP, member, token, pass))) };

    private async Task<MemberState> AskAsync(IRocketMqAdmin admin, string? podIP, MemberState member, CancellationToken token, CancellationToken pass)
    {
        // Registered under the pod's address: that is where it is asked.
        if (!member.Settled || member.Registered != true || podIP is null)
        {
            return member;
        }

        try
        {
            IReadOnlyDictionary<string, string> figures = await admin.GetBrokerRuntimeInfoAsync(AddressOf(podIP), token);
            return member with
            {
                SendsRefused = member.Role == BrokerMemberRole.Master ? figures.GetValueOrDefault(SendsRefused) : null,
                Leads = bool.TryParse(figures.GetValueOrDefault(Leads), out bool leads) ? leads : null,
                LogEnd = long.TryParse(figures.GetValueOrDefault(LogEnd), CultureInfo.InvariantCulture, out long end) ? end : null,
            };
        }
        catch (Exception unreachable) when (AdminFailures.IsFailure(unreachable, pass))
        {
            LogUnreachable(unreachable, member.Pod);
            return member;
        }
    }

    /// <summary>Where the broker of a pod is asked.</summary>
    public static string AddressOf(string podIP) => string.Create(CultureInfo.InvariantCulture, $"{(podIP.Contains(':', StringComparison.Ordinal) ? $"[{podIP}]" : podIP)}:{Ports.Broker}");

    [LoggerMessage(EventId = 5002, Level = LogLevel.Debug, Message = "{Pod} does not tell its figures; the next pass asks again.")]
    private partial void LogUnreachable(Exception exception, string pod);
}
