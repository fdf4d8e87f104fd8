using System.Globalization;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Status;

/// <summary>Says what is wrong with name servers.</summary>
internal static class NameServerWords
{
    public static string Unreachable(ClusterContext context) => $"The name servers at {context.Names.NameServerClientAddress} do not answer the operator.";

    /// <summary>Returns the problem that not every name server that serves answers, or none does.</summary>
    public static Problem Silent(ClusterContext context, BrokerRegistrations registrations) => new(
        Reasons.NameServersUnreachable,
        registrations.Known ? $"Name servers that serve do not answer the operator: {PodWords.List([.. registrations.Silent])}." : Unreachable(context));

    /// <summary>They are not all there, or not all up to date.</summary>
    public static Problem Unsettled(ClusterObservation observation)
    {
        Pod[] unready = observation.NameServerPods.Where(static pod => !pod.IsDeleting() && !ClusterObservation.IsReady(pod)).OrderBy(static pod => pod.Name(), StringComparer.Ordinal).ToArray();
        string pods = PodWords.List([.. unready.Select(PodWords.WithTrouble)], "; ");
        if (observation.NameServersRolling && !Array.Exists(unready, static pod => PodTrouble.IsFailing(pod)))
        {
            return new Problem(
                Reasons.RollingUpdate,
                string.Create(CultureInfo.InvariantCulture, $"Name servers are replaced one at a time, and brokers get {NameServerDeployment.RegistrationPeriodAndMarginSeconds} s to register with each new one before the next old one goes.")
                + (pods.Length == 0 ? "" : $" Waiting for {pods}."));
        }

        if (unready.Length > 0)
        {
            return new Problem(Reasons.PodsStarting, pods + ".");
        }

        // No pod to ask: a quota or an admission rule keeps them away, and only the Deployment knows.
        return new Problem(
            Reasons.PodsStarting,
            observation.NameServers?.Status?.Conditions?.Find(static condition => condition is { Type: "ReplicaFailure", Status: ConditionStatus.True })?.Message is { Length: > 0 } refused
                ? $"Name servers cannot be made: {refused}"
                : "Waiting for the name servers.");
    }

    /// <summary>Those of the current template that do not start, whatever time they get. One of an older template is on its way out, and goes first if it fails.</summary>
    /// <param name="observation">The workloads.</param>
    /// <param name="known">The last pass told of stuck pods, see <see cref="PodTrouble.IsStuck"/>.</param>
    public static Pod[] Stuck(ClusterObservation observation, bool known) =>
        observation.NameServers?.Spec?.Template is { } template
            ? [.. Failing(observation).Where(pod => PodTrouble.IsStuck(pod, known) && TemplateChanges.Describe(pod, template) == TemplateChanges.Other)]
            : [];

    /// <summary>Those that more than time is needed for.</summary>
    public static Pod[] Failing(ClusterObservation observation) =>
        observation.NameServerPods.Where(static pod => PodTrouble.IsFailing(pod)).OrderBy(static pod => pod.Name(), StringComparer.Ordinal).ToArray();
}
