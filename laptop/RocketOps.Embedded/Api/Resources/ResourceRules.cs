using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Resources;

/// <summary>
/// Differences between kinds on the way of a write: defaults, initial status, validation, and the cells of a Table. The base class is the
/// behaviour of a kind without peculiarities.
/// </summary>
internal class ResourceRules
{
    /// <summary>Rules of kinds without peculiarities.</summary>
    public static readonly ResourceRules None = new();

    /// <summary>True when the kind counts generations (reference: embedded-api.md §6).</summary>
    public virtual bool HasGeneration => false;

    /// <summary>True when a PUT without resourceVersion overwrites.</summary>
    public virtual bool AllowsUnconditionalUpdate => true;

    /// <summary>True when a PUT of a missing object creates it.</summary>
    public virtual bool AllowsCreateOnUpdate => false;

    /// <summary>True when names are RFC 1123 labels (63 characters, no dots) instead of subdomains.</summary>
    public virtual bool NamesAreLabels => false;

    /// <summary>True when any path segment is a legal name (RBAC: <c>system:node</c>).</summary>
    public virtual bool NamesArePathSegments => false;

    /// <summary>True when objects of the kind are answered and not stored.</summary>
    public virtual bool IsReview => false;

    /// <summary>Makes what was sent into the answer; only for reviews.</summary>
    public virtual void AnswerReview(JsonObject review)
    {
    }

    /// <summary>Fills defaults. Runs on every write after pruning; must be idempotent.</summary>
    public virtual void ApplyDefaults(JsonObject obj)
    {
    }

    /// <summary>
    /// The object a create is compared with for ownership. A built-in's Go type holds its structs by value, so an empty object already has them; only what
    /// comes on top is the creator's.
    /// </summary>
    public virtual JsonObject Zero() => [];

    /// <summary>Prepares an object before it is created: status, already dropped, is initialised and server-owned fields are set.</summary>
    public virtual void PrepareForCreate(JsonObject obj, RulesContext context)
    {
    }

    /// <summary>Prepares a replacement through the main path; status was already taken from <paramref name="old"/>.</summary>
    public virtual void PrepareForUpdate(JsonObject obj, JsonObject old, RulesContext context)
    {
    }

    /// <summary>Kind-specific validation; <paramref name="old"/> is null on create.</summary>
    public virtual void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
    }

    /// <summary>Tells whether a change of this kind raises the generation; asked only when <see cref="HasGeneration"/>.</summary>
    public virtual bool RaisesGeneration(JsonObject obj, JsonObject old) => !JsonNodes.Same(obj["spec"], old["spec"]);

    /// <summary>Seconds a deletion waits for somebody else to finish the object; 0 deletes at once.</summary>
    public virtual long DeletionGraceSeconds(JsonObject obj, long? requested) => 0;

    /// <summary>Cells in the order of the resource's columns.</summary>
    public virtual JsonArray Cells(JsonElement obj, RulesContext context) => new(obj.GetProperty("metadata").GetProperty("name").GetString());
}

/// <summary>Facts that rules may ask about the request they run in. <see cref="ServiceAddresses"/> is null outside of writes.</summary>
internal sealed record RulesContext(ResourceDefinition Resource, DateTimeOffset Now, ServiceAddresses? ServiceAddresses = null);
