using System.Runtime.CompilerServices;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Status;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Moves of groups, members and pods, in the order in which one gives way to another: groups go and come, members go and come, pods
/// restart, and masters hand over for either.
/// </summary>
internal sealed class MovesStep(
    DrainStep drain, OpeningStep opening, ScaleInStep scaleIn, ScaleOutStep scaleOut, RollStep roll, HandOverStep handOver)
{
    /// <param name="context">The cluster with the sets that are there.</param>
    /// <param name="found">How it is, with the operations that are known to be under way.</param>
    /// <param name="restarts">Whether this pass may restart pods at all.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    /// <returns>What is under way, again after each move: what one has found is told although the next one fails.</returns>
    public async IAsyncEnumerable<ClusterOperations> RunAsync(
        ClusterContext context, ClusterFindings found, bool restarts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ClusterObservation there = found.Observation;
        IReadOnlyList<ObservedGroup> groups = found.Groups;
        BrokerRegistrations known = found.Registrations;
        ClusterOperations operations = found.Operations;
        yield return operations = operations with { Drains = await drain.RunAsync(context, there, groups, known, cancellationToken) };
        yield return operations = operations with { Openings = await opening.RunAsync(context, there, groups, cancellationToken) };
        yield return operations = operations with { ScaleIn = await scaleIn.RunAsync(context, there, groups, known, cancellationToken) };
        yield return operations = operations with { ScaleOuts = await scaleOut.RunAsync(context, there, groups, known, cancellationToken) };

        // Once a template is proven every group gets it. Which pod goes next follows from all of them.
        RollHold? hold = !restarts ? RollHold.ForNow
            : context.IsAutomatic && operations.ScaleIn.TakesAway ? RollHold.ForRemoval
            : RollHold.OfUnobserved(groups);
        yield return operations = operations with
        {
            Roll = hold is null
                ? await roll.RunAsync(context, there, groups, known, cancellationToken)
                : roll.Look(context, there, groups, known).Held(hold),
        };
        if ((operations.ScaleIn.HandOver ?? operations.Roll.HandOver) is { } wish)
        {
            yield return operations with { HandOverFails = await handOver.RunAsync(context, wish, cancellationToken) };
        }
    }

    /// <summary>The restart that would be next, held up.</summary>
    public RollPlan Look(ClusterContext context, ClusterFindings found, RollHold hold) =>
        roll.Look(context, found.Observation, found.Groups, found.Registrations).Held(hold);

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster)
    {
        drain.Forget(cluster);
        roll.Forget(cluster);
        handOver.Forget(cluster);
    }
}
