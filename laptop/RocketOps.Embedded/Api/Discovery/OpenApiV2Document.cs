using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Api.Discovery;

/// <summary>
/// An OpenAPI v2 document that describes nothing. kubectl asks for it when a kind is in no v3 document; only with an answer does it go on to say
/// that there is no such kind, and it takes a 404 for a broken server.
/// </summary>
internal static class OpenApiV2Document
{
    public const string ProtobufContentType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    // openapi.v2.Document of google/gnostic:  1 swagger "2.0"  2 info { 1 title "Kubernetes" 2 version "v1.34.4" }  8 paths {}
    public static ReadOnlyMemory<byte> Protobuf { get; } = (byte[])
    [
        0x0a, 3, .. "2.0"u8,
        0x12, 21, 0x0a, 10, .. "Kubernetes"u8, 0x12, 7, .. "v1.34.4"u8,
        0x42, 0,
    ];

    public static JsonObject Json() => new()
    {
        ["swagger"] = "2.0",
        ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = "v1.34.4" },
        ["paths"] = new JsonObject(),
    };
}
