namespace RocketOps.Protocol.Commands;

/// <summary>Maps <see cref="LanguageCode"/> to the names that JSON headers carry.</summary>
public static class LanguageNames
{
    /// <summary>The name on the wire, for example <c>NODE_JS</c>; <c>OTHER</c> for numbers outside the table.</summary>
    public static ReadOnlySpan<byte> ToUtf8(LanguageCode language) => language switch
    {
        LanguageCode.Java => "JAVA"u8,
        LanguageCode.Cpp => "CPP"u8,
        LanguageCode.DotNet => "DOTNET"u8,
        LanguageCode.Python => "PYTHON"u8,
        LanguageCode.Delphi => "DELPHI"u8,
        LanguageCode.Erlang => "ERLANG"u8,
        LanguageCode.Ruby => "RUBY"u8,
        LanguageCode.Http => "HTTP"u8,
        LanguageCode.Go => "GO"u8,
        LanguageCode.Php => "PHP"u8,
        LanguageCode.Oms => "OMS"u8,
        LanguageCode.Rust => "RUST"u8,
        LanguageCode.NodeJs => "NODE_JS"u8,
        _ => "OTHER"u8,
    };

    /// <summary>The language of a name on the wire; <see cref="LanguageCode.Other"/> when unknown, as a newer client may send names we have not heard of.</summary>
    public static LanguageCode FromUtf8(ReadOnlySpan<byte> name)
    {
        for (LanguageCode code = LanguageCode.Java; code <= LanguageCode.NodeJs; code++)
        {
            if (name.SequenceEqual(ToUtf8(code)))
            {
                return code;
            }
        }

        return LanguageCode.Other;
    }
}
