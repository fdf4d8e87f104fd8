using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Rights;

/// <summary>
/// Right of the operator to read claims: roles that somebody keeps himself may be of before it needed that. Without that right its cache of
/// them is empty whatever claims there are, so what they decide is not decided.
/// </summary>
internal sealed class ClaimRights(IInformer<PersistentVolumeClaim> claims)
{
    /// <summary>Remedy, as text for people.</summary>
    public const string Remedy = "Give the operator the roles of its version (deploy/rbac, or rbac.create of the chart).";

    /// <summary>Refusal in the API server's words, without their full stop; null when claims can be read.</summary>
    public string? Lacking => claims.Refusal?.TrimEnd('.');
}
