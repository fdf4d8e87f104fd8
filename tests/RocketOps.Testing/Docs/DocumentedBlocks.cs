using System.Text;

namespace RocketOps.Testing.Docs;

/// <summary>The fenced blocks of the README and of the pages a user reads. Left out are docs/reference, which tells of other systems, and docs/decisions.</summary>
public static class DocumentedBlocks
{
    /// <summary>All of them, page by page in the order of their paths.</summary>
    public static IReadOnlyList<DocumentedBlock> All() => [.. Pages().SelectMany(Read)];

    /// <summary>Those in one language that a test has to run or compile.</summary>
    public static IReadOnlyList<DocumentedBlock> ToRun(string language) => [.. All().Where(block => block.Language == language && UnrunBlocks.ReasonFor(block) is null)];

    /// <summary>Those of one page in one language, run or not.</summary>
    public static IReadOnlyList<DocumentedBlock> Of(string page, string language) => [.. Read(page).Where(block => block.Language == language)];

    private static IEnumerable<string> Pages() =>
        new[] { "README.md", "charts/rocketops/README.md", "samples/README.md" }
            .Concat(new[] { "docs", "docs/formats" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(SharedKits.RepositoryRoot, folder), "*.md").Select(file => $"{folder}/{Path.GetFileName(file)}")))
            .Order(StringComparer.Ordinal);

    private static IEnumerable<DocumentedBlock> Read(string page)
    {
        StringBuilder? block = null;
        string language = string.Empty;
        int begin = 0;
        int number = 0;
        foreach (string line in File.ReadLines(Path.Combine(SharedKits.RepositoryRoot, page)))
        {
            number++;
            bool isFence = line.TrimStart().StartsWith("```", StringComparison.Ordinal);
            if (block is null && isFence)
            {
                (block, language, begin) = (new StringBuilder(), line.Trim().TrimStart('`'), number);
            }
            else if (block is not null && isFence)
            {
                yield return new DocumentedBlock(page, begin, language, block.ToString());
                block = null;
            }
            else
            {
                block?.Append(line).Append('\n');
            }
        }

        if (block is not null)
        {
            throw new InvalidDataException($"{page}:{begin}: the block does not end");
        }
    }
}
