using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Kubernetes.Yaml;

namespace RocketOps.Embedded.Api.Protobuf;

/// <summary>The fields of the messages that are read here, by number (messages.yaml).</summary>
internal static class Messages
{
    private static readonly FrozenDictionary<string, FrozenDictionary<int, MessageField>> Known = Read();

    /// <summary>The fields of a kind; null when its messages are not decoded here.</summary>
    public static FrozenDictionary<int, MessageField>? Find(string apiVersion, string kind) =>
        Known.GetValueOrDefault(kind == "DeleteOptions" ? kind : $"{apiVersion} {kind}");

    /// <summary>The fields of a message that is part of others.</summary>
    public static FrozenDictionary<int, MessageField> Part(string name) => Known[name];

    private static FrozenDictionary<string, FrozenDictionary<int, MessageField>> Read()
    {
        using Stream stream = typeof(Messages).Assembly.GetManifestResourceStream("messages.yaml") ?? throw new InvalidOperationException("messages.yaml is not part of this build");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return ((JsonObject)YamlReading.ParseAll(reader.ReadToEnd()).Single()).ToFrozenDictionary(
            message => message.Key,
            message => ((JsonObject)message.Value!).ToFrozenDictionary(field => int.Parse(field.Key, CultureInfo.InvariantCulture), field => Field(field.Value.AsText()!)),
            StringComparer.Ordinal);
    }

    private static MessageField Field(string text)
    {
        string[] words = text.Split(' ');
        string form = words.Length > 2 ? words[1] : string.Empty;
        return new MessageField(words[0], words.Length > 1 ? words[^1] : "text", form == "optional", form == "list", form == "map");
    }
}

/// <summary>One field of a message.</summary>
/// <param name="Name">Its name in JSON.</param>
/// <param name="Kind">What it becomes: text, bytes, number, flag, or the name of a message.</param>
/// <param name="IsOptional">Whether it counts when it is zero.</param>
/// <param name="IsList">Whether it is a list.</param>
/// <param name="IsMap">Whether it is a map, of entries of this kind.</param>
internal sealed record MessageField(string Name, string Kind, bool IsOptional, bool IsList, bool IsMap)
{
    public bool IsVarint => Kind is "number" or "flag";
}
