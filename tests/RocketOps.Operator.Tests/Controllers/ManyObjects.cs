using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>What tests of many objects share: how many there are, an operator's own intervals where they are a measurement, and when all are ready or looked after so often more.</summary>
internal static class ManyObjects
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    /// <summary>As many as the environment variable says; it makes a measurement of a test.</summary>
    public static int Count(string variable, int few) => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int asked) ? asked : few;

    public static OperatorOptions AtItsOwnPace(OperatorOptions options)
    {
        OperatorOptions own = new();
        return options with { ProgressInterval = own.ProgressInterval, ResyncInterval = own.ResyncInterval };
    }

    /// <summary>Until the masters were asked this so often more.</summary>
    public static async Task RoundsAsync(ConcurrentQueue<string> requests, string question, int count)
    {
        int before = requests.Count(request => request == question);
        await Eventually.TrueAsync(() => requests.Count(request => request == question) >= before + count, $"{count} more rounds", Limit);
    }

    /// <summary>The master of a-0 is away for some rounds and back for some.</summary>
    public static async Task RestartMasterAsync(OperatorWorld world, Func<Task> rounds)
    {
        world.Workloads.Healthy = static pod => pod.Name() != "a-0-0";
        await world.ClusterAsync("a", "Available", "False");
        await rounds();
        world.Workloads.Healthy = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
        await rounds();
    }

    /// <summary>Name servers say nothing from now on, and the operator has noticed. What was written before is forgotten.</summary>
    public static async Task SilenceNameServersAsync(OperatorWorld world)
    {
        world.Writes.Clear();
        world.Admin.Registered = null;

        int asked = world.Admin.Questions;
        await Eventually.TrueAsync(() => world.Admin.Questions > asked + 20, "the operator has noticed");
    }

    public static Task ReadyAsync<TEntity>(OperatorWorld world, Func<TEntity, List<Condition>?> conditions)
        where TEntity : class, IKubernetesObject => Eventually.TrueAsync(
        async () => (await world.Client.ListAsync<TEntity>(new ListOptions { Namespace = OperatorWorld.Ns })).Items.All(entity => Conditions.IsTrue(conditions(entity), ConditionTypes.Ready)),
        $"every {typeof(TEntity).Name} is ready",
        Limit);
}
