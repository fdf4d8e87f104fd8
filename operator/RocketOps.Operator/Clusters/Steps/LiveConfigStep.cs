using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Metrics;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.LiveConfig;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Gives members that run the values of the live ConfigMap: each is asked for its configuration and sent what differs, whoever made it differ. What a broker shows decides, so every pass may be the first one. Keys that are asked
/// for no longer go back to their defaults, and are forgotten when every member shows these. Members are asked at once, and each request has a deadline of its own.
/// </summary>
internal sealed partial class LiveConfigStep
{
    private const int MaxNamed = 5;

    private readonly IKubernetesClient _client;
    private readonly ServerSideApplier _applier;
    private readonly IEntityCache<ConfigMap> _maps;
    private readonly ClusterAdmins _admins;
    private readonly MasterCalls _calls;
    private readonly OperatorOptions _options;
    private readonly IEventRecorder _events;
    private readonly ControllerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<LiveConfigStep> _logger;

    public LiveConfigStep(
        IKubernetesClient client,
        ServerSideApplier applier,
        IEntityCache<ConfigMap> maps,
        ClusterAdmins admins,
        MasterCalls calls,
        OperatorOptions options,
        IEventRecorder events,
        ControllerMetrics metrics,
        TimeProvider time,
        ILogger<LiveConfigStep> logger)
    {
        _client = client;
        _applier = applier;
        _maps = maps;
        _admins = admins;
        _calls = calls;
        _options = options;
        _events = events;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <param name="context">The cluster.</param>
    /// <param name="observation">Its workloads.</param>
    /// <param name="groups">Its groups.</param>
    /// <param name="applied">The ConfigMap as this pass applied it; null when it did not, and what is there goes on to be meant.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<LiveConfigOutcome> RunAsync(ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, ConfigMap? applied, CancellationToken cancellationToken)
    {
        ConfigMap? map = applied ?? _maps.Get(context.Names.Namespace, context.Names.LiveConfig);
        if (map is null || !IsOf(context, map) || LiveValues.Of(map).IsEmpty)
        {
            return LiveConfigOutcome.Nothing;
        }

        IRocketMqAdmin admin = _admins.Get(context.Cluster.Key(), context.Names.NameServerRegistrationAddress);
        LiveMember[] members = await Task.WhenAll(groups.SelectMany(static group => group.Members).Where(member => member is { Settled: true, Registered: true } && observation.Pod(member.Pod)?.Status?.PodIP is not null)
            .Select(member => AskAsync(context, observation, admin, member, cancellationToken)));
        try
        {
            if (Array.Exists(members, member => LiveValues.Of(map).Differing(member.Shown, member.Except).Count > 0))
            {
                // The cache lags behind, and a former leader's more than ours: brokers get what is asked for now, or they would be sent to and fro.
                string? seen = map.Metadata.ResourceVersion;
                map = await _client.GetAsync<ConfigMap>(context.Names.LiveConfig, context.Names.Namespace, cancellationToken);
                if (map is null || !IsOf(context, map))
                {
                    return LiveConfigOutcome.Nothing;
                }

                await Task.WhenAll(members.Select(member => SendAsync(admin, LiveValues.Of(map), member, cancellationToken)));
                RecordEvents(context, members);
                foreach (LiveMember _ in members.Where(member => member.Changed.Count > 0 && WasAsAsked(context) && map.Metadata.ResourceVersion == seen))
                {
                    _metrics.Corrected(nameof(BrokerCluster));
                }
            }

            await ForgetResetsAsync(context, groups, map, members, cancellationToken);
            return new LiveConfigOutcome(Unapplied(LiveValues.Of(map), members), null);
        }
        catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
        {
            return new LiveConfigOutcome(Unapplied(LiveValues.Of(map), members), ApiFailures.Describe("Looking after the brokers' live configuration", failure));
        }
    }

    private static bool IsOf(ClusterContext context, ConfigMap map) => !map.IsDeleting() && map.ControllerOwner()?.Uid == context.Cluster.Uid();

    /// <summary>A group that goes, and one that is new, are kept closed against whatever the spec says.</summary>
    private static bool IsOfSteps(ClusterContext context, ClusterObservation observation, string group) => context.IsMarked(group) || observation.Closures.ContainsKey(group);

    private async Task<LiveMember> AskAsync(ClusterContext context, ClusterObservation observation, IRocketMqAdmin admin, ObservedMember member, CancellationToken cancellationToken)
    {
        string address = MemberFiguresStep.AddressOf(observation.Pod(member.Pod)!.Status!.PodIP!);
        string? except = IsOfSteps(context, observation, member.Group) ? BrokerPermission.Key : null;
        try
        {
            return new LiveMember(
                member,
                address,
                except,
                await _calls.WithDeadlineAsync(token => admin.GetBrokerConfigAsync(address, token), cancellationToken));
        }
        catch (Exception unreachable) when (AdminFailures.IsFailure(unreachable, cancellationToken))
        {
            LogFailed(unreachable, member.Pod);
            string failure = AdminFailures.Words(unreachable) is { } words
                ? $"{member.Pod} does not tell its configuration ({words})"
                : $"{member.Pod} does not answer";
            return new LiveMember(member, address, except, new Dictionary<string, string>()) { Failures = { failure } };
        }
    }

    private async Task SendAsync(IRocketMqAdmin admin, LiveValues values, LiveMember member, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> differing = values.Differing(member.Shown, member.Except);
        if (differing.Count == 0 || await TrySendAsync(admin, member, differing, isLast: differing.Count == 1, cancellationToken))
        {
            return;
        }

        // A broker takes all or nothing: one key that it refuses does not hold up the others.
        foreach (KeyValuePair<string, string> one in differing)
        {
            await TrySendAsync(admin, member, new Dictionary<string, string>(StringComparer.Ordinal) { [one.Key] = one.Value }, isLast: true, cancellationToken);
        }
    }

    /// <summary>False when some of several were refused, and each is to be sent by itself.</summary>
    private async Task<bool> TrySendAsync(IRocketMqAdmin admin, LiveMember member, IReadOnlyDictionary<string, string> values, bool isLast, CancellationToken cancellationToken)
    {
        try
        {
            await _calls.WithDeadlineAsync(token => admin.UpdateBrokerConfigAsync(member.Address, values, token), cancellationToken);
            member.Changed.AddRange(values.Select(static pair => Text(pair.Key, pair.Value)));
            return true;
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            LogFailed(failed, member.State.Pod);
            string? words = AdminFailures.Words(failed);
            if (words is not null && !isLast)
            {
                return false;
            }

            string asked = string.Join(", ", values.Select(static pair => Text(pair.Key, pair.Value)));
            member.Failures.Add(words is null ? $"{member.State.Pod} does not answer to {asked}" : $"{member.State.Pod} refuses {asked} ({words})");
            return true;
        }
    }

    private static string Text(string key, string value) => value.Length > 0 ? $"{key}={value}" : $"{key} back to its default";

    /// <summary>Tells of each change once: members that were sent the same are named together.</summary>
    private void RecordEvents(ClusterContext context, LiveMember[] members)
    {
        string[] changes =
        [
            .. members.Where(static member => member.Changed.Count > 0).GroupBy(static member => string.Join(", ", member.Changed), StringComparer.Ordinal)
                .Select(static alike => $"{alike.Key} on {string.Join(", ", alike.Select(static member => member.State.Pod))}"),
        ];
        if (changes.Length > 0)
        {
            _events.Record(context.Cluster, EventType.Normal, "ConfigApplied", "Configure", $"Applied without a restart: {string.Join("; ", changes)}.");
        }
    }

    /// <summary>
    /// Returns true when, by the status, which the pass has not written yet, every member had the values that are asked for: a member that
    /// lacks one now was changed by somebody else.
    /// </summary>
    private static bool WasAsAsked(ClusterContext context) =>
        context.Cluster.Status is { } status && status.ObservedGeneration == context.Cluster.Metadata.Generation && Kubernetes.Models.Conditions.IsTrue(status.Conditions, ConditionTypes.Ready);

    private static Problem? Unapplied(LiveValues values, LiveMember[] members)
    {
        string[] failures =
        [
            .. members.SelectMany(member => member.Failures.Concat(member.Shown.Count == 0 ? [] : values.Unknown(member.Shown).Select(key => $"{member.State.Pod} does not know {key}"))),
        ];
        return failures.Length == 0
            ? null
            : new Problem(
                Reasons.ConfigNotApplied,
                $"Not every broker has the values of brokers.config that need no restart: {string.Join("; ", failures.Take(MaxNamed))}{(failures.Length > MaxNamed ? "; and more" : "")}. It is tried again; a broker that starts reads them.");
    }

    /// <summary>
    /// A key has been reset when every broker there is shows its default. Not at once: one that was started again in its pod may have read the file as it was, and kubelets take a minute to renew it.
    /// </summary>
    private async Task ForgetResetsAsync(ClusterContext context, IReadOnlyList<ObservedGroup> groups, ConfigMap map, LiveMember[] asked, CancellationToken cancellationToken)
    {
        LiveValues values = LiveValues.Of(map);
        if (values.Resets.Count == 0 || _time.GetUtcNow() - WrittenAt(map) < _options.ConfigRefreshGrace)
        {
            return;
        }

        // Whoever was not asked is on its way, and shows later what it has.
        IEnumerable<string> there = groups.SelectMany(static group => group.Members)
            .Where(static member => member is { Live: { Uid: not null, Terminating: false } })
            .Select(static member => member.Pod);
        if (!there.All(pod => Array.Exists(asked, member => member.State.Pod == pod && member.Shown.Count > 0)))
        {
            return;
        }

        string[] left = [.. values.Resets.Where(key => !Array.TrueForAll(asked, member => key == member.Except || LiveValues.HasReset(key, member.Shown)))];
        if (left.Length == values.Resets.Count)
        {
            return;
        }

        try
        {
            await _applier.ApplyAsync(LiveConfigMap.Build(context, values.Wanted, left), map, cancellationToken);
        }
        catch (KubernetesException changed) when (changed.IsConflict)
        {
            // What is asked for has changed since; the next pass sees it.
        }
    }

    /// <summary>Returns the time at which the operator wrote it last, by the API server's clock.</summary>
    private DateTimeOffset WrittenAt(ConfigMap map) =>
        map.Metadata.ManagedFields?.Find(entry => entry.Manager == _applier.FieldManager && entry.Operation == "Apply")?.Time ?? DateTimeOffset.MinValue;

    [LoggerMessage(EventId = 5004, Level = LogLevel.Debug, Message = "{Pod} was not given its live configuration; the next pass tries again.")]
    private partial void LogFailed(Exception exception, string pod);

    /// <summary>One member in one pass.</summary>
    /// <param name="State">The member.</param>
    /// <param name="Address">Where it is asked.</param>
    /// <param name="Except">A key that somebody else sets there; null for none.</param>
    /// <param name="Shown">Its configuration; empty when it did not tell.</param>
    private sealed record LiveMember(ObservedMember State, string Address, string? Except, IReadOnlyDictionary<string, string> Shown)
    {
        /// <summary>Values that it took.</summary>
        public List<string> Changed { get; } = [];

        public List<string> Failures { get; } = [];
    }
}

/// <summary>Outcome of the values that brokers take while they run.</summary>
/// <param name="Unapplied">Which members do not have them, and why; null when all that serve do.</param>
/// <param name="Pending">What the API server did not do; null when it did everything.</param>
internal sealed record LiveConfigOutcome(Problem? Unapplied, Problem? Pending)
{
    public static readonly LiveConfigOutcome Nothing = new(null, null);
}
