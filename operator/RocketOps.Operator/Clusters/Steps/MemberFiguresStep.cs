using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Asks the brokers that serve for their runtime figures: how long their logs are, which of them says that it leads, whether slaves follow, and masters whether they take messages, as one without room on its disk is ready all
/// the same, since its consumers read. A master whose pod is not ready is asked too, as its node may have been silent while it served; who else is not ready decides nothing. Apache's brokers have no figures of ours and are
/// taken to accept and to follow.
/// </summary>
internal sealed partial class MemberFiguresStep
{
    // Keep in sync with the broker's RuntimeFigures.
    private const string SendsRefused = "rocketOpsSendsRefused";
    private const string SendsRefusedBy = "rocketOpsSendsRefusedBy";
    private const string Follows = "rocketOpsFollows";
    private const string NotFollowing = "rocketOpsNotFollowing";
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
    public async Task<IReadOnlyList<ObservedGroup>> RunAsync(ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, CancellationToken cancellationToken)
    {
        IRocketMqAdmin admin = _admins.Get(context.Cluster.Key(), context.Names.NameServerRegistrationAddress);
        using CancellationTokenSource deadline = new CancellationTokenSource(_options.AdminTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);

        // At once: a broker that does not answer costs a pass its timeout, many of them no more.
        return await Task.WhenAll(groups.Select(group => AskAsync(admin, observation, group, either.Token, cancellationToken)));
    }

    private async Task<ObservedGroup> AskAsync(IRocketMqAdmin admin, ClusterObservation observation, ObservedGroup group, CancellationToken token, CancellationToken pass) =>
        group with { Members = await Task.WhenAll(group.Members.Select(member => AskAsync(admin, observation.Pod(member.Pod)?.Status?.PodIP, member, token, pass))) };

    private async Task<ObservedMember> AskAsync(IRocketMqAdmin admin, string? podIP, ObservedMember member, CancellationToken token, CancellationToken pass)
    {
        // Where it listens, whatever address it registers: one that does not register may say why.
        if (!(member.Settled || member is { Role: BrokerMemberRole.Master, Live: { Uid: not null, Terminating: false } }) || podIP is null)
        {
            return member;
        }

        try
        {
            IReadOnlyDictionary<string, string> figures = await admin.GetBrokerRuntimeInfoAsync(AddressOf(podIP), token);
            string? refusal = member.Role == BrokerMemberRole.Master ? figures.GetValueOrDefault(SendsRefused) : null;
            bool? follows = Truth(figures, Follows);
            return member with
            {
                Says = member.Says with
                {
                    Answers = true,
                    SendsRefused = refusal,
                    RefusedBy = refusal is null ? null : figures.GetValueOrDefault(SendsRefusedBy),
                    Leads = Truth(figures, Leads),
                    Follows = follows,
                    NotFollowing = follows == false ? figures.GetValueOrDefault(NotFollowing, "it does not say why") : null,

                    // Whoever is known not to be registered, or does not serve yet, counts for nobody yet.
                    LogEnd = member is { Settled: true, Registered: not false }
                        && long.TryParse(figures.GetValueOrDefault(LogEnd), CultureInfo.InvariantCulture, out long end) ? end : null,
                },
            };
        }
        catch (Exception unreachable) when (AdminFailures.IsFailure(unreachable, pass))
        {
            LogUnreachable(unreachable, member.Pod);
            return member.Settled ? member with { Says = member.Says with { Answers = false } } : member;
        }
    }

    private static bool? Truth(IReadOnlyDictionary<string, string> figures, string key) => bool.TryParse(figures.GetValueOrDefault(key), out bool truth) ? truth : null;

    /// <summary>Returns the address at which the broker of a pod is asked.</summary>
    public static string AddressOf(string podIP) => string.Create(CultureInfo.InvariantCulture, $"{(podIP.Contains(':', StringComparison.Ordinal) ? $"[{podIP}]" : podIP)}:{Ports.Broker}");

    [LoggerMessage(EventId = 5002, Level = LogLevel.Debug, Message = "{Pod} does not tell its figures; the next pass asks again.")]
    private partial void LogUnreachable(Exception exception, string pod);
}
