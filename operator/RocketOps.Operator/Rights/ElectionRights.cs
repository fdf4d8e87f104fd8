using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Rights;

/// <summary>
/// Rights of the operator that groups which elect their master take, besides what every cluster takes: roles that somebody keeps himself
/// may be of before there were such groups.
/// </summary>
internal sealed class ElectionRights(IInformer<Lease> leases, IInformer<Role> roles, IInformer<RoleBinding> bindings, IInformer<EndpointSlice> slices, ClaimRights claims)
{
    /// <summary>Problem with what is lacking, in the API server's words; null when nothing is.</summary>
    public Problem? Lacking
    {
        get
        {
            string?[] refusals = [leases.Refusal, roles.Refusal, bindings.Refusal, slices.Refusal, claims.Lacking];
            return refusals.OfType<string>().FirstOrDefault() is { } first
                ? new Problem(
                    Reasons.Refused,
                    $"Members that elect their master (replication.failover: Automatic) take rights that the operator does not have: {first.TrimEnd('.')}. Nothing is changed meanwhile. {ClaimRights.Remedy}")
                : null;
        }
    }
}
