using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Clusters.Opening;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Lets producers into new groups once these have the topics and consumer groups of the others. Where each group is follows from its <see cref="GroupClosure"/> and its broker, in every pass anew; the status is read for nothing but
/// since when something is waited for, as that has an end.
/// </summary>
internal sealed partial class OpeningStep
{
    private readonly IKubernetesClient _client;
    private readonly ClusterAdmins _admins;
    private readonly GroupFilling _filling;
    private readonly MasterCalls _calls;
    private readonly OperatorOptions _options;
    private readonly IEventRecorder _events;
    private readonly TimeProvider _time;
    private readonly ILogger<OpeningStep> _logger;

    public OpeningStep(IKubernetesClient client, ClusterAdmins admins, GroupFilling filling, MasterCalls calls, OperatorOptions options, IEventRecorder events, TimeProvider time, ILogger<OpeningStep> logger)
    {
        _client = client;
        _admins = admins;
        _filling = filling;
        _calls = calls;
        _options = options;
        _events = events;
        _time = time;
        _logger = logger;
    }

    /// <param name="context">The cluster with the sets that are there.</param>
    /// <param name="observation">Its workloads.</param>
    /// <param name="groups">All its groups.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<IReadOnlyList<OpeningPlan>> RunAsync(ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, CancellationToken cancellationToken)
    {
        // At once: a master that does not answer costs a pass its timeout, many of them no more.
        OpeningPlan?[] plans = await Task.WhenAll(
            groups.Where(group => !context.IsLeaving(group.Name) && observation.Closures.ContainsKey(group.Name))
                .Select(group => OpenAsync(context, observation, groups, group, observation.Closures[group.Name], cancellationToken)));
        return [.. plans.OfType<OpeningPlan>()];
    }

    private async Task<OpeningPlan?> OpenAsync(
        ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, ObservedGroup group, ConfigMap closure, CancellationToken cancellationToken)
    {
        if (group.IsTroubled && GroupClosure.IsClosed(closure))
        {
            return Waiting(group, "what keeps its objects from being applied to be removed");
        }

        if (group.Master is not { Settled: true, Registered: not false })
        {
            return GroupClosure.IsClosed(closure) ? Waiting(group, "its master to serve") : Opening(group, "once its master serves");
        }

        IRocketMqAdmin admin = _admins.Get(context.Cluster.Key(), context.Names.NameServerRegistrationAddress);
        try
        {
            return GroupClosure.IsClosed(closure)
                ? await FillAsync(admin, context, observation, groups, group, closure, cancellationToken)
                : await LetInAsync(admin, context, observation, group, closure, cancellationToken);
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            LogFailed(failed, group.Name);
            return GroupClosure.IsClosed(closure) ? Waiting(group, "its master to answer the operator") : Opening(group, "once its members answer the operator");
        }
        catch (KubernetesException changed) when (changed.IsConflict)
        {
            // Somebody was faster; the next pass sees it.
            return Opening(group, "in a moment");
        }
    }

    private async Task<OpeningPlan> FillAsync(
        IRocketMqAdmin admin, ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, ObservedGroup group, ConfigMap closure, CancellationToken cancellationToken)
    {
        ObservedGroup[] others = [.. groups.Where(other => !context.IsLeaving(other.Name) && !observation.IsClosed(other.Name))];
        List<string> refused = [];
        string? missing = await MissingAsync(admin, context, observation, others, group, refused, cancellationToken);
        if (missing is not null && !IsLong(context, group.Name))
        {
            return new OpeningPlan(group.Name, OperationPhase.Filling, $"{group.Name} is new and takes no messages yet; it waits for {missing}.");
        }

        await GroupClosure.OpenAsync(_client, closure, _time.GetUtcNow(), cancellationToken);
        RecordEvents(context, group, missing, refused);
        return Opening(group, "now");
    }

    private async Task<string?> MissingAsync(
        IRocketMqAdmin admin, ClusterContext context, ClusterObservation observation, ObservedGroup[] others, ObservedGroup group, List<string> refused, CancellationToken cancellationToken)
    {
        string? away = Array.Find(others, static other => other.Master is not { Settled: true })?.Name;
        GroupMaster[] sources = [.. others.Where(static other => other.Master is { Settled: true }).Select(other => new GroupMaster(other.Name, AddressOf(observation, other)))];
        try
        {
            string? missing = await _filling.FillAsync(admin, context, new GroupMaster(group.Name, AddressOf(observation, group)), sources, refused, cancellationToken);
            return missing ?? (away is null ? null : $"the master of {away} to serve: what that has is copied");
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            LogFailed(failed, group.Name);
            return "its master, or that of another group, to answer the operator";
        }
    }

    /// <summary>
    /// The group is opened: its members are told, and told again while one of them may start with what stood in the map before. One that does not serve yet may have done so, however long ago that was.
    /// </summary>
    private async Task<OpeningPlan?> LetInAsync(
        IRocketMqAdmin admin, ClusterContext context, ClusterObservation observation, ObservedGroup group, ConfigMap closure, CancellationToken cancellationToken)
    {
        if (await GroupOpening.OpenAsync(admin, _calls, context, observation, group, cancellationToken))
        {
            return Opening(group, "now");
        }

        if (group.Members.Any(static member => !member.Settled) || _time.GetUtcNow() - GroupClosure.OpenedAt(closure) < _options.ConfigRefreshGrace)
        {
            return null;
        }

        DeleteOptions same = new DeleteOptions { Preconditions = new Preconditions { Uid = closure.Uid(), ResourceVersion = closure.Metadata.ResourceVersion } };
        await _client.DeleteAsync<ConfigMap>(closure.Name(), closure.Namespace(), same, cancellationToken);
        return null;
    }

    /// <summary>Waited for without an end, one thing would keep the group from taking the load it was made for.</summary>
    private bool IsLong(ClusterContext context, string group) =>
        context.Cluster.Status?.Operations?.Find(operation => operation.Type == OperationType.Open && operation.Group == group && operation.Phase == OperationPhase.Filling)?.Since is { } since
        && _time.GetUtcNow() - since >= _options.OpeningGrace;

    private void RecordEvents(ClusterContext context, ObservedGroup group, string? missing, List<string> refused)
    {
        string without = string.Join("; ", new[] { missing is null ? null : $"it has waited in vain for {missing}", refused.Count == 0 ? null : $"its master refuses {string.Join(", ", refused.Take(5))}" }.OfType<string>());
        if (without.Length > 0)
        {
            LogIncomplete(group.Name, without);
            _events.Record(context.Cluster, EventType.Warning, "GroupOpened", "Open", $"{group.Name} takes messages although not everything is there: {without}.", group.Set);
        }
        else
        {
            _events.Record(context.Cluster, EventType.Normal, "GroupOpened", "Open", $"{group.Name} has the topics and consumer groups of the other groups, and takes messages.", group.Set);
        }
    }

    private static OpeningPlan Waiting(ObservedGroup group, string what) => new(group.Name, OperationPhase.Waiting, $"{group.Name} is new and takes no messages yet; it waits for {what}.");

    private static OpeningPlan Opening(ObservedGroup group, string when) => new(group.Name, OperationPhase.Opening, $"{group.Name} is new, has what it needs, and takes messages {when}.");

    private static string AddressOf(ClusterObservation observation, ObservedGroup group) =>
        MemberFiguresStep.AddressOf(observation.Pod(group.Master!.Pod)?.Status?.PodIP ?? throw new RocketMqException($"{group.Master.Pod} has no address."));

    [LoggerMessage(EventId = 5005, Level = LogLevel.Warning, Message = "Opening {Group} does not go on; the next pass tries again.")]
    private partial void LogFailed(Exception exception, string group);

    [LoggerMessage(EventId = 5006, Level = LogLevel.Warning, Message = "{Group} takes messages although not everything is there: {Without}.")]
    private partial void LogIncomplete(string group, string without);
}
