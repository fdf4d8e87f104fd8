using RocketOps.Cli.Running;
using RocketOps.Hosting.Files;

namespace RocketOps.Cli.Exporting;

/// <summary>Manifests as files of a folder. What is there is not replaced by something else unless that was asked for; other files stay.</summary>
internal sealed class ManifestFolder(string path, bool overwrites)
{
    /// <summary>Throws <see cref="CommandFailedException"/> when the file is there and says something else.</summary>
    public async Task WriteAsync(string name, string text, CancellationToken cancellation)
    {
        Directory.CreateDirectory(path);
        string file = Path.Combine(path, name);
        if (File.Exists(file))
        {
            if (await File.ReadAllTextAsync(file, cancellation) == text)
            {
                return;
            }

            if (!overwrites)
            {
                throw new CommandFailedException($"{file} is there and says something else. Give another folder, or --overwrite.");
            }
        }

        // Whole or not at all: the folder may be a working tree that somebody applies.
        WholeFile.Write(file, text);
    }
}
