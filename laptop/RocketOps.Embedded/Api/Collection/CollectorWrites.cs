using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;
using RocketOps.Embedded.Api.Writing;

namespace RocketOps.Embedded.Api.Collection;

/// <summary>Writes of the collectors, which expect that an object has gone meanwhile, or that another one has its name.</summary>
internal sealed class CollectorWrites(ObjectWriter writer, ObjectDeleter deleter)
{
    public static readonly WriteOptions Own = new() { Manager = "rocketops-collector" };

    public void Delete(ResourceDefinition resource, StoredObject stored, string policy) =>
        Try(() => deleter.Delete(resource, stored.Name, new DeleteOptions(null, stored.Uid, null, policy, false)));

    public void Update(ResourceDefinition resource, StoredObject stored, Action<JsonObject> change) => Try(() => writer.Update(
        resource, stored.Name, string.Empty, Own,
        live =>
        {
            if (live!.Metadata().Text("uid") != stored.Uid)
            {
                throw ApiErrors.NotFound(resource, stored.Name.Name);
            }

            change(live!);
            return live!;
        },
        UpdateFlags.Patch));

    public void ReleaseFinalizer(ResourceDefinition resource, StoredObject stored, string finalizer) => Update(
        resource, stored, obj => obj.Metadata()["finalizers"] = obj.Metadata().Keep("finalizers", name => name.AsText() != finalizer));

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (ApiErrorException e) when (e.Code is 404 or 409)
        {
            // Gone, or another object of the name.
        }
    }
}
