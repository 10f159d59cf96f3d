package dev.vmoe.importer.convert;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The parameters that a dense ViT must have, and what its file calls them. */
final class VitParts {

  private static final List<String> OF_ALL =
      List.of(
          "embedding/kernel",
          Positions.PATH,
          "Encoder/encoder_norm/scale",
          "Encoder/encoder_norm/bias",
          "head/kernel",
          "head/bias");

  private static final List<String> OF_A_BLOCK =
      List.of(
          "LayerNorm_0/scale",
          "LayerNorm_0/bias",
          "SelfAttention/query/kernel",
          "SelfAttention/query/bias",
          "SelfAttention/key/kernel",
          "SelfAttention/key/bias",
          "SelfAttention/value/kernel",
          "SelfAttention/value/bias",
          "SelfAttention/out/kernel",
          "SelfAttention/out/bias",
          "LayerNorm_1/scale",
          "LayerNorm_1/bias",
          "Mlp/Dense_0/kernel",
          "Mlp/Dense_0/bias",
          "Mlp/Dense_1/kernel",
          "Mlp/Dense_1/bias");

  /** What a model has as a whole or not at all. */
  private static final List<List<String>> TOGETHER =
      List.of(
          List.of("pre_logits/kernel", "pre_logits/bias"),
          List.of("head_dist/kernel", "head_dist/bias", "dist", "cls"),
          List.of("dist", "cls"));

  private static final Pattern BLOCK = Pattern.compile("Encoder/encoderblock_(\\d+)/(.*)");
  private static final Pattern KIND = Pattern.compile("(.*)/(kernel|scale|bias)");
  private static final String QKV = "SelfAttention/qkv";

  private final VitNames names;

  /** What the file puts before the names of all but heads. */
  private final String prefix;

  VitParts(VitNames names, String prefix) {
    this.names = names;
    this.prefix = prefix;
  }

  /**
   * Checks that no part is missing.
   *
   * @param paths names of what is there, as a V-MoE has them
   * @throws IllegalArgumentException if one is; names it as the file would
   */
  void requireIn(Set<String> paths) {
    OF_ALL.forEach(path -> require(path, paths));
    for (List<String> parts : TOGETHER) {
      if (paths.contains(parts.get(0))) {
        parts.forEach(path -> require(path, paths));
      }
    }
    int blocks =
        paths.stream()
            .map(BLOCK::matcher)
            .filter(Matcher::matches)
            .mapToInt(path -> Integer.parseInt(path.group(1)) + 1)
            .max()
            .orElse(1);
    for (int i = 0; i < blocks; i++) {
      for (String part : OF_A_BLOCK) {
        require("Encoder/encoderblock_" + i + "/" + part, paths);
      }
    }
  }

  private void require(String path, Set<String> paths) {
    if (!paths.contains(path)) {
      throw new IllegalArgumentException("checkpoint has no parameter " + inFile(path));
    }
  }

  /** Returns what the file calls a parameter; all its names where it has several. */
  private String inFile(String path) {
    if (names == VitNames.AUGREG) {
      String name = path;
      for (Map.Entry<String, String> module : names.modules().entrySet()) {
        name = name.replace(module.getValue(), module.getKey());
      }
      return name;
    }
    Matcher block = BLOCK.matcher(path);
    boolean inBlock = block.matches();
    String part = inBlock ? block.group(2) : path;
    String place =
        inBlock
            ? names.block().pattern().replace("(\\d{1,4})", block.group(1)).replace("\\", "")
            : "";
    Matcher kind = KIND.matcher(part);
    String module = kind.matches() ? kind.group(1) : part;
    boolean joined = !names.modules().containsValue(module); // query, key or value in one
    String before = (module.startsWith("head") ? "" : prefix) + place;
    return names.modules().entrySet().stream()
        .filter(entry -> entry.getValue().equals(joined ? QKV : module))
        .map(entry -> before + entry.getKey() + suffix(entry.getKey(), kind))
        .sorted()
        .collect(Collectors.joining(" or "));
  }

  private static String suffix(String module, Matcher kind) {
    if (!kind.matches()) {
      return "";
    }
    String separator = module.endsWith("in_proj") ? "_" : ".";
    return separator + (kind.group(2).equals("bias") ? "bias" : "weight");
  }
}
