#include "core/accounts/store/sql/dialect.h"

#include <gtest/gtest.h>

namespace slipway::sql {
namespace {

constexpr Dialect kDialect = {'`', "SERIAL", "BIGINT", "VARCHAR(255)", "LONGTEXT", "BIGINT", "LONGBLOB", "ENGINE=X"};

TEST(Dialect, TablesGetThePrefixAndQuotes) {
  EXPECT_EQ(expand("SELECT id FROM {users} u JOIN {groups} g", "sp_", kDialect),
            "SELECT id FROM `sp_users` u JOIN `sp_groups` g");
  EXPECT_EQ(expand("DELETE FROM {groups}", "", kDialect), "DELETE FROM `groups`");
}

TEST(Dialect, TypesAreTheDialects) {
  EXPECT_EQ(expand("CREATE TABLE {t} (id {:id}, n {:name}, d {:text}, r {:reference}, b {:blob}) {:table_options}", "",
                   kDialect),
            "CREATE TABLE `t` (id SERIAL, n VARCHAR(255), d LONGTEXT, r BIGINT, b LONGBLOB) ENGINE=X");
}

TEST(Dialect, WhatIsNoWordStays) {
  EXPECT_EQ(expand("SELECT 1", "p_", kDialect), "SELECT 1");
  EXPECT_EQ(expand("SELECT {", "p_", kDialect), "SELECT {");
  EXPECT_EQ(expand("{:nonsense}", "p_", kDialect), ":nonsense");
  EXPECT_EQ(expand("", "p_", kDialect), "");
}

TEST(TablePrefix, OnlyWordCharactersAreValid) {
  for (const char* prefix : {"", "sp_", "Slipway1_", "_x"}) EXPECT_TRUE(is_valid_table_prefix(prefix)) << prefix;
  for (const char* prefix : {"1a", "a-b", "a\"", "a b", "ü", "a;", "abcdefghijabcdefghijabcdefghijabc"}) {
    EXPECT_FALSE(is_valid_table_prefix(prefix)) << prefix;
  }
}

}  // namespace
}  // namespace slipway::sql
