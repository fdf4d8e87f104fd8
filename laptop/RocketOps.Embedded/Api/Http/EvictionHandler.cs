using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Store;
using RocketOps.Embedded.Api.Writing;
using RocketOps.Embedded.Kubelet.Controllers;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Api.Http;

/// <summary>
/// <c>pods/eviction</c>: deletes a pod if its disruption budget lets it go, in the words of kube-apiserver (pkg/registry/core/pod/storage/eviction.go). The pods are
/// counted here and now rather than taken from the budget's status, so that no two evictions count on the same pod.
/// </summary>
internal sealed class EvictionHandler(ObjectStore store, ObjectDeleter deleter)
{
    private readonly Lock _gate = new();

    public Task EvictAsync(HttpContext context, RequestTarget target, byte[] body)
    {
        JsonObject eviction = RequestBody.Object(context.Request, body, []);
        if ((eviction.Metadata().Text("name") ?? target.Name) != target.Name)
        {
            throw ApiErrors.BadRequest("name in URL does not match name in Eviction object");
        }

        DeleteOptions options = DeleteOptions.Read(context.Request, eviction.Child("deleteOptions"));
        lock (_gate)
        {
            ObjectName name = new(target.Namespace, target.Name);
            CheckBudget(store.Get(target.Resource.Collection, name) ?? throw ApiErrors.NotFound(target.Resource, target.Name));
            deleter.Delete(target.Resource, name, options);
        }

        return Responses.WriteAsync(context, 201, new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201 });
    }

    private void CheckBudget(StoredObject stored)
    {
        KubernetesObject pod = new(stored.Json);
        KubernetesObject[] budgets = [.. All("policy/poddisruptionbudgets", stored).Where(budget => pod.IsSelectedBy(budget.BudgetSpec().Selector))];
        if (pod.IsDeleting || pod.PodStatus().Phase != "Running" || budgets.Length == 0)
        {
            // What does not run yet, or no longer, serves nobody.
            return;
        }

        if (budgets is not [KubernetesObject budget])
        {
            throw ApiErrors.Internal("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
        }

        (_, int healthy, int desired) = DisruptionBudgetController.Count(
            budget,
            All(stored.Collection, stored),
            owner => store.Get($"apps/{owner.Kind.ToLowerInvariant()}s", stored.Name with { Name = owner.Name })?.Json.Field("spec").Int("replicas") ?? 0);
        bool mayGoUnready = budget.BudgetSpec().UnhealthyPodEvictionPolicy == "AlwaysAllow" || (healthy >= desired && desired > 0);
        if (healthy <= desired && !(mayGoUnready && !PodFactory.IsReady(pod)))
        {
            string why = $"The disruption budget {budget.Name} needs {desired} healthy pods and has {healthy} currently";
            JsonArray causes = new(new JsonObject { ["reason"] = "DisruptionBudget", ["message"] = why });
            throw new ApiErrorException(
                429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", new JsonObject { ["causes"] = causes });
        }
    }

    private IEnumerable<KubernetesObject> All(string collection, StoredObject beside) =>
        store.Snapshot(collection).Objects.Values.Where(other => other.Name.Namespace == beside.Name.Namespace).Select(other => new KubernetesObject(other.Json));
}
