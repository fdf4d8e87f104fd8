using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters;

/// <summary>
/// Whether the API server keeps clusters that are annotated so from being deleted: by an admission policy that the chart brings where it can, and that somebody may take away. Looked for by name, now and then; thread-safe.
/// </summary>
internal sealed class ProtectionPolicy(IKubernetesClient client, OperatorOptions options, TimeProvider time)
{
    private const string Group = "apis/admissionregistration.k8s.io/v1";

    /// <summary>How long an answer holds: policies come and go with releases of the chart.</summary>
    private static readonly TimeSpan Holds = TimeSpan.FromMinutes(5);

    private volatile Look? _last;

    /// <returns>Why nothing is refused, or why that is not known; null when the policy is in force.</returns>
    public async Task<Problem?> FindProblemAsync(CancellationToken cancellationToken)
    {
        if (options.ProtectionPolicy is not { Length: > 0 } name)
        {
            return Open("this operator was installed without the admission policy that refuses it (deletionProtection of the chart: from Kubernetes 1.30 on, for an operator of all namespaces)");
        }

        if (_last is { } last && time.GetElapsedTime(last.At) < Holds)
        {
            return last.Problem;
        }

        try
        {
            Look look = new(
                await ReadAsync($"{Group}/validatingadmissionpolicies/{name}", cancellationToken) is null ? Open($"there is no ValidatingAdmissionPolicy {name}")
                : await ReadAsync($"{Group}/validatingadmissionpolicybindings/{name}", cancellationToken) is not { } binding ? Open($"there is no ValidatingAdmissionPolicyBinding {name}")
                : binding["spec"]?["validationActions"] is JsonArray actions && actions.Any(static action => (string?)action == "Deny") ? null
                : Open($"ValidatingAdmissionPolicyBinding {name} does not have validationActions: [Deny]"),
                time.GetTimestamp());
            _last = look;
            return look.Problem;
        }
        catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
        {
            return ApiFailures.Describe($"Looking for the admission policy {name}", failure);
        }
    }

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

    private static Problem Open(string why) => new(
        Reasons.ProtectionMissing, $"The annotation {ClusterAnnotations.DeletionProtection} keeps the operator from taking anything away, and nobody from deleting the cluster: {why}.");

    /// <summary>What was found, and when.</summary>
    private sealed record Look(Problem? Problem, long At);
}
