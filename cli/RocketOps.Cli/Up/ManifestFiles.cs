using RocketOps.Cli.Running;

namespace RocketOps.Cli.Up;

/// <summary>Manifests that were named on the command line: files, folders and standard input.</summary>
internal static class ManifestFiles
{
    public const string StandardInput = "-";

    /// <summary>Reads them in the order given, those of a folder in the order of their names. Throws <see cref="CommandFailedException"/> naming file and line.</summary>
    public static IReadOnlyList<Manifest> Read(IEnumerable<string> given, TextReader input) => [.. given.SelectMany(name => Read(name, input))];

    private static IEnumerable<Manifest> Read(string name, TextReader input)
    {
        if (name == StandardInput)
        {
            return Manifest.Read("standard input", input.ReadToEnd());
        }

        if (!Directory.Exists(name))
        {
            return Manifest.Read(name, File.ReadAllText(name));
        }

        string[] files = [.. Directory.EnumerateFiles(name).Where(static file => Path.GetExtension(file) is ".yaml" or ".yml" or ".json").Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files.SelectMany(static file => Manifest.Read(file, File.ReadAllText(file))) : throw new CommandFailedException($"the folder {name} has no .yaml, .yml or .json file.");
    }
}
