using RocketOps.Cli.Running;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace RocketOps.Cli.Up;

/// <summary>One document of a manifest file: the text as written, and what is needed to know where it goes.</summary>
/// <param name="Path">The file.</param>
/// <param name="Line">Line of the file at which the text begins.</param>
/// <param name="Source">File and line the object begins at, <c>cluster.yaml:12</c>.</param>
/// <param name="ApiVersion">Group and version.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its namespace, if the text says one.</param>
/// <param name="Text">The document as written.</param>
internal sealed record Manifest(string Path, int Line, string Source, string ApiVersion, string Kind, string Name, string? Namespace, string Text)
{
    /// <summary>Reads the documents of a file's content. Throws <see cref="CommandFailedException"/> naming file and line, also when there is none.</summary>
    public static IReadOnlyList<Manifest> Read(string path, string content)
    {
        List<Manifest> manifests = new();
        foreach ((int line, string text) in Documents(content))
        {
            if (Read(path, line, text) is { } manifest)
            {
                manifests.Add(manifest);
            }
        }

        return manifests.Count > 0 ? manifests : throw new CommandFailedException($"{path} holds no object. deploy/samples/single.yaml shows what one looks like.");
    }

    /// <summary>File and line of a field (<c>spec.brokers.groups</c>), or of the nearest thing around it that is written here.</summary>
    public string At(string field)
    {
        YamlStream stream = new();
        stream.Load(new StringReader(Text));
        YamlNode node = stream.Documents[0].RootNode;
        long row = node.Start.Line;
        foreach (string name in field.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            if (node is not YamlMappingNode map || map.Children.FirstOrDefault(child => child.Key is YamlScalarNode key && key.Value == name) is not { Key: { } found, Value: { } below })
            {
                break;
            }

            row = found.Start.Line;
            node = below;
        }

        return $"{Path}:{Line + row - 1}";
    }

    public override string ToString() => $"{Kind} {Name}";

    /// <summary>Splits at lines of --- and perhaps a comment, as kubectl does; inside a block text such a line would be indented.</summary>
    private static IEnumerable<(int Line, string Text)> Documents(string text)
    {
        string[] lines = text.Split('\n');
        int begin = 0;
        for (int i = 0; i <= lines.Length; i++)
        {
            if (i == lines.Length || IsSeparator(lines[i]))
            {
                yield return (begin + 1, string.Join('\n', lines[begin..i]));
                begin = i + 1;
            }
        }
    }

    private static bool IsSeparator(string line) =>
        line.StartsWith("---", StringComparison.Ordinal) && line.AsSpan(3).Trim() is var rest && (rest.IsEmpty || rest[0] == '#');

    private static Manifest? Read(string path, int line, string text)
    {
        YamlStream stream = new();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException wrong)
        {
            throw new CommandFailedException($"{path}:{line + wrong.Start.Line - 1}: {wrong.Message}", wrong);
        }

        if (stream.Documents.Count == 0)
        {
            return null;
        }

        if (stream.Documents[0].RootNode is not YamlMappingNode root)
        {
            throw new CommandFailedException($"{path}:{line}: a Kubernetes object is expected here: apiVersion, kind, metadata, spec.");
        }

        YamlMappingNode? metadata = Child(root, "metadata") as YamlMappingNode;
        string? apiVersion = Scalar(root, "apiVersion");
        string? kind = Scalar(root, "kind");
        string? name = metadata is null ? null : Scalar(metadata, "name");
        if (apiVersion is null || kind is null || name is null)
        {
            throw new CommandFailedException($"{path}:{line}: the object needs apiVersion, kind and metadata.name.");
        }

        return new Manifest(path, line, $"{path}:{line + root.Start.Line - 1}", apiVersion, kind, name, Scalar(metadata!, "namespace"), text);
    }

    private static YamlNode? Child(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? child) ? child : null;

    private static string? Scalar(YamlMappingNode node, string key) => (Child(node, key) as YamlScalarNode)?.Value;
}
