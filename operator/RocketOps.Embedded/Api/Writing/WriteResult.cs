using System.Text.Json;

namespace RocketOps.Embedded.Api.Writing;

/// <summary>The object a write answers with.</summary>
internal sealed record WriteResult(JsonElement Object, bool Created);
