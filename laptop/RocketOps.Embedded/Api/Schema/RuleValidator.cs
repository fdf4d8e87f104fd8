using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Rules;

namespace RocketOps.Embedded.Api.Schema;

/// <summary>
/// Holds a custom resource to the rules of its schema, outer nodes first (reference: embedded-api.md §10.3). A value that did not change may stay although
/// a newer rule refuses it, as with the rest of the schema.
/// </summary>
internal static class RuleValidator
{
    public static void Validate(JsonNode? value, JsonNode? old, SchemaNode schema, string path, FieldErrors errors)
    {
        if (value is null || !schema.HasRules)
        {
            return;
        }

        bool unchanged = old is not null && JsonNodes.Same(value, old);
        foreach (ValidationRule rule in schema.Rules)
        {
            if ((rule.IsTransition ? old is not null : !unchanged) && rule.Failure(value, old) is { } failure)
            {
                errors.InvalidText(path.Length == 0 ? "<nil>" : path, SchemaValidator.TypeName(value), failure);
            }
        }

        foreach (SchemaPart part in schema.Parts(value, old, path))
        {
            Validate(part.Value, part.Old, part.Schema, part.Path, errors);
        }
    }
}
