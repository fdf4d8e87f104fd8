using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Rights;

/// <summary>
/// Protection policies of the API server, which keep annotated clusters, their StatefulSets and their claims from being deleted: two
/// admission policies that the chart brings where it can, and that somebody may take away. Looked for by name, now and then; thread-safe.
/// </summary>
internal sealed class ProtectionPolicy(IKubernetesClient client, OperatorOptions options, TimeProvider time)
{
    private const string Group = "apis/admissionregistration.k8s.io/v1";

    private const string TheCluster = "the cluster";
    private const string ItsData = "its StatefulSets and claims";

    // Keep in sync with templates/deletion-protection.yaml of the chart.
    private const string OfData = "-data";

    /// <summary>Time that an answer holds: policies come and go with releases of the chart.</summary>
    private static readonly TimeSpan Holds = TimeSpan.FromMinutes(5);

    private volatile Look? _last;

    /// <returns>Why something is not refused, or why that is not known; null when both policies are in force.</returns>
    public async Task<Problem?> FindProblemAsync(CancellationToken cancellationToken)
    {
        if (options.ProtectionPolicy is not { Length: > 0 } name)
        {
            return Open(TheCluster, "this operator was installed without the admission policy that refuses it (deletionProtection of the chart: from Kubernetes 1.30 on, for an operator of all namespaces)");
        }

        if (_last is { } last && time.GetElapsedTime(last.At) < Holds)
        {
            return last.Problem;
        }

        try
        {
            Look look = new(await FindAsync(TheCluster, name, cancellationToken) ?? await FindAsync(ItsData, name + OfData, cancellationToken), time.GetTimestamp());
            _last = look;
            return look.Problem;
        }
        catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
        {
            return ApiFailures.Describe($"Looking for the admission policies {name} and {name}{OfData}", failure);
        }
    }

    private async Task<Problem?> FindAsync(string what, string name, CancellationToken cancellationToken) =>
        await ReadAsync($"{Group}/validatingadmissionpolicies/{name}", cancellationToken) is null ? Open(what, $"there is no ValidatingAdmissionPolicy {name}")
        : await ReadAsync($"{Group}/validatingadmissionpolicybindings/{name}", cancellationToken) is not { } binding ? Open(what, $"there is no ValidatingAdmissionPolicyBinding {name}")
        : binding["spec"]?["validationActions"] is JsonArray actions && actions.Any(static action => (string?)action == "Deny") ? null
        : Open(what, $"ValidatingAdmissionPolicyBinding {name} does not have validationActions: [Deny]");

    private async Task<JsonNode?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await client.SendAsync(HttpMethod.Get, path, cancellationToken: cancellationToken);
        }
        catch (KubernetesException refused) when (refused.IsNotFound)
        {
            return null;
        }
    }

    private static Problem Open(string what, string why) => new(
        Reasons.ProtectionMissing, $"The annotation {ClusterAnnotations.DeletionProtection} keeps the operator from taking anything away, and nobody from deleting {what}: {why}.");

    /// <summary>Result of a look, and its time.</summary>
    private sealed record Look(Problem? Problem, long At);
}
