using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Draining;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Takes away groups that are more than asked for: keeps producers out, waits until they have noticed and everything is read, and deletes the StatefulSet; the claims stay. A group that is asked for again takes
/// messages again. Where each group is follows from its mark, its broker and its log, in every pass anew.
/// </summary>
internal sealed partial class DrainStep
{
    private readonly ServerSideApplier _applier;
    private readonly ClusterAdmins _admins;
    private readonly GroupRemoval _removal;
    private readonly DrainProgress _progress;
    private readonly GroupEmptiness _emptiness;
    private readonly MasterCalls _calls;
    private readonly OperatorOptions _options;
    private readonly IEventRecorder _events;
    private readonly ILogger<DrainStep> _logger;

    public DrainStep(
        ServerSideApplier applier,
        ClusterAdmins admins,
        GroupRemoval removal,
        DrainProgress progress,
        GroupEmptiness emptiness,
        MasterCalls calls,
        OperatorOptions options,
        IEventRecorder events,
        ILogger<DrainStep> logger)
    {
        _applier = applier;
        _admins = admins;
        _removal = removal;
        _progress = progress;
        _emptiness = emptiness;
        _calls = calls;
        _options = options;
        _events = events;
        _logger = logger;
    }

    /// <param name="context">The cluster with the sets that are there.</param>
    /// <param name="observation">Its workloads.</param>
    /// <param name="groups">All its groups with their members' figures, those that go among them.</param>
    /// <param name="registrations">What the name servers know.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<IReadOnlyList<DrainPlan>> RunAsync(
        ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, BrokerRegistrations registrations, CancellationToken cancellationToken)
    {
        ObservedGroup[] staying = [.. groups.Where(group => !context.IsLeaving(group.Name))];
        ObservedGroup[] open = [.. staying.Where(group => !observation.IsClosed(group.Name))];
        ObservedGroup[] leaving = [.. groups.Where(group => context.IsLeaving(group.Name))];
        _progress.Keep(context.Cluster.Key(), [.. leaving.Select(static group => group.Name)]);

        // At once: a master that does not answer costs a pass its timeout, many of them no more.
        DrainPlan[] plans = await Task.WhenAll(
            staying.Where(static group => GroupMark.IsOn(group.Set)).Select(group => ReopenAsync(context, observation, group, cancellationToken))
                .Concat(leaving.Select(group => DrainAsync(context, observation, group, open, registrations, cancellationToken))));
        return [.. Stopping(context, observation), .. plans];
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _progress.Keep(cluster, []);

    /// <summary>Groups whose sets have gone and whose pods end.</summary>
    private static IEnumerable<DrainPlan> Stopping(ClusterContext context, ClusterObservation observation)
    {
        HashSet<string> known = context.Groups.ToHashSet(StringComparer.Ordinal);
        return observation.Pods
            .Where(pod => pod.Label(ClusterLabels.Group) is { } group && !known.Contains(group))
            .GroupBy(static pod => pod.Label(ClusterLabels.Group)!, StringComparer.Ordinal)
            .OrderBy(static pods => pods.Key, StringComparer.Ordinal)
            .Select(static pods => new DrainPlan(pods.Key, OperationPhase.Stopping, $"{pods.Key} has left and its pods stop; their claims stay."));
    }

    private async Task<DrainPlan> DrainAsync(
        ClusterContext context, ClusterObservation observation, ObservedGroup group, ObservedGroup[] staying, BrokerRegistrations registrations, CancellationToken cancellationToken)
    {
        if (group.Set is not { } set || set.IsDeleting())
        {
            return new DrainPlan(group.Name, OperationPhase.Stopping, $"{group.Name} has left and its pods stop; their claims stay.");
        }

        // Claims of a group that goes may belong to its set, and would be lost with it.
        if (_removal.Lacking is { } lacking)
        {
            _progress.Forget(context.Cluster.Key(), group.Name);
            return Waiting(group, $"the right to read its claims, which are to stay: {lacking}");
        }

        if (IsAbandoned(context, group.Name))
        {
            return await RemoveAsync(context, group, "although not everything was read, as its annotation says", cancellationToken);
        }

        if (Blocker(group, staying, registrations) is { } blocker)
        {
            _progress.Forget(context.Cluster.Key(), group.Name);
            return Waiting(group, blocker);
        }

        try
        {
            return await AskAsync(context, observation, group, staying, cancellationToken);
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            LogFailed(failed, group.Name);
            if (!AdminFailures.IsLate(failed, cancellationToken))
            {
                // It may have been started again, and open for a moment. Who is late is what it was.
                _progress.Forget(context.Cluster.Key(), group.Name);
            }

            return Waiting(group, AdminFailures.Refusal(failed) is { } refusal ? $"its master, which refuses: {refusal}" : "its master, or that of another group, to answer the operator");
        }
    }

    /// <summary>
    /// Returns what is missing before producers may be kept out, and while they are: they need somewhere to go, and what is left is read
    /// from the master. Null when nothing is.
    /// </summary>
    private static string? Blocker(ObservedGroup group, ObservedGroup[] staying, BrokerRegistrations registrations) =>
        group.IsTroubled ? "what keeps its objects from being applied to be removed"
        : !GroupMark.IsOn(group.Set) ? "its StatefulSet to be marked"
        : !registrations.Complete ? "every name server to answer the operator"
        : staying.Length == 0 ? "another group to take messages: producers go there"
        : Array.Find(staying, static other => other is not { TakesMessages: true, Master.Says.SendsRefused: null }) is { } away
            ? $"{away.Name} to take messages: producers go there"
        : group.Master is not { Settled: true, Registered: true, Says.LogEnd: not null }
            ? "its master to serve: what is left is read from it"
        : null;

    private async Task<DrainPlan> AskAsync(ClusterContext context, ClusterObservation observation, ObservedGroup group, ObservedGroup[] staying, CancellationToken cancellationToken)
    {
        IRocketMqAdmin admin = _admins.Get(context.Cluster.Key(), context.Names.NameServerRegistrationAddress);
        string address = AddressOf(observation, group.Master!);
        int permission = await _calls.WithDeadlineAsync(token => BrokerPermission.AskAsync(admin, address, token), cancellationToken);
        if ((permission & PermissionBits.Write) != 0)
        {
            string[] others = [.. staying.Select(other => AddressOf(observation, other.Master!))];
            if (await _emptiness.FindOnlyHereAsync(admin, context.Names, group.Name, address, others, cancellationToken) is { } topic)
            {
                return Waiting(group, $"topic {topic} to be on another group too: its producers would have nowhere to go");
            }

            _progress.Forget(context.Cluster.Key(), group.Name);
            await _calls.WithDeadlineAsync(token => BrokerPermission.SetAsync(admin, address, permission & ~PermissionBits.Write, token), cancellationToken);
            _events.Record(context.Cluster, EventType.Normal, "GroupClosed", "Drain", $"{group.Name} takes no more messages: it is to go.", group.Set);
            return new DrainPlan(group.Name, OperationPhase.Closing, $"{group.Name} is to go; its producers are being sent to other groups.");
        }

        Stillness still = _progress.Note(context.Cluster.Key(), group.Name, group.Master!.Live.Uid, group.Master.Says.LogEnd!.Value);
        if (await _emptiness.FindLeftAsync(admin, context.Names, group.Name, address, still, cancellationToken) is { } left)
        {
            return Draining(group, left);
        }

        if (_progress.Since(still) < _options.RouteRefreshGrace)
        {
            return Draining(group, string.Create(CultureInfo.InvariantCulture, $"everything is read, and nothing may come for {_options.RouteRefreshGrace.TotalSeconds:0} s: producers ask for routes twice in that time"));
        }

        // What came after the figures were asked, and was proven to be read before.
        return await _calls.WithDeadlineAsync(token => LogEndAsync(admin, address, token), cancellationToken) == still.LogEnd
            ? await RemoveAsync(context, group, "and everything was read", cancellationToken)
            : Draining(group, "messages that have just arrived");
    }

    private async Task<DrainPlan> RemoveAsync(ClusterContext context, ObservedGroup group, string why, CancellationToken cancellationToken)
    {
        if (await _removal.RunAsync(context, group, why, cancellationToken))
        {
            _progress.Forget(context.Cluster.Key(), group.Name);
        }

        return new DrainPlan(group.Name, OperationPhase.Removing, $"{group.Name} leaves, {why}; the claims of its members stay.");
    }

    /// <summary>A group that was to go and is asked for again.</summary>
    private async Task<DrainPlan> ReopenAsync(ClusterContext context, ClusterObservation observation, ObservedGroup group, CancellationToken cancellationToken)
    {
        if (group.IsTroubled)
        {
            return new DrainPlan(group.Name, OperationPhase.Opening, $"{group.Name} stays after all, and takes messages again once its objects can be applied.");
        }

        if (group.Master is not { Settled: true, Registered: true })
        {
            return new DrainPlan(group.Name, OperationPhase.Opening, $"{group.Name} stays after all, and takes messages again once its master serves.");
        }

        try
        {
            IRocketMqAdmin admin = _admins.Get(context.Cluster.Key(), context.Names.NameServerRegistrationAddress);

            // A new group that was never opened is no drain's business.
            if (!observation.IsClosed(group.Name) && await GroupOpening.OpenAsync(admin, _calls, context, observation, group, cancellationToken))
            {
                _events.Record(context.Cluster, EventType.Normal, "GroupOpened", "Drain", $"{group.Name} stays after all and takes messages again.", group.Set);
            }
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            LogFailed(failed, group.Name);
            return new DrainPlan(group.Name, OperationPhase.Opening, $"{group.Name} stays after all, and takes messages again once its master answers the operator.");
        }

        if (KeptConfigurations.ConfigOf(group.Set!.Spec?.Template?.Spec) is { } configuration)
        {
            try
            {
                await GroupSets.ApplyAsync(_applier, BrokerStatefulSet.Keep(context.WithoutMark(group.Name), group.Name, configuration), group.Set, cancellationToken);
            }
            catch (KubernetesException changed) when (changed.IsConflict)
            {
                // Its controller writes its status; the next pass sees it.
            }
        }

        return new DrainPlan(group.Name, OperationPhase.Opening, $"{group.Name} stays after all and takes messages again.");
    }

    private static bool IsAbandoned(ClusterContext context, string group) =>
        context.Cluster.Annotation(ClusterAnnotations.Abandoned)?.Split(',', StringSplitOptions.TrimEntries).Contains(group, StringComparer.Ordinal) == true;

    private static DrainPlan Waiting(ObservedGroup group, string blocker) => new(group.Name, OperationPhase.Waiting, $"{group.Name} is to go and waits for {blocker}.");

    private static DrainPlan Draining(ObservedGroup group, string blocker) => new(group.Name, OperationPhase.Draining, $"{group.Name} is to go and takes no more messages; {blocker}.");

    private static async Task<long?> LogEndAsync(IRocketMqAdmin admin, string address, CancellationToken cancellationToken) =>
        long.TryParse((await admin.GetBrokerRuntimeInfoAsync(address, cancellationToken)).GetValueOrDefault(MemberFiguresStep.LogEnd), CultureInfo.InvariantCulture, out long end) ? end : null;

    /// <summary>The pod's own: there it is the broker that was looked at, whatever clients are told.</summary>
    private static string AddressOf(ClusterObservation observation, ObservedMember master) => MemberFiguresStep.AddressOf(observation.Pod(master.Pod)?.Status?.PodIP ?? throw new RocketMqException($"{master.Pod} has no address."));

    [LoggerMessage(EventId = 5003, Level = LogLevel.Warning, Message = "Draining {Group} does not go on; the next pass tries again.")]
    private partial void LogFailed(Exception exception, string group);
}
